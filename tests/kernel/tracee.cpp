// A process for the kernel tests to look at: freestanding, for either ABI, driven by the
// letters of its first argument, so that no library adds calls or filters of its own.
//
//   n  no_new_privs            p  install by prctl            f  the rest in a child
//   s  install by seccomp(2)   l  the same with FLAG_LOG      x  exec itself with the rest
//   t  with FLAG_TSYNC         b  a refused install           C  .../ in a thread, then go on
//   i  by int 0x80             S  strict mode                 E  as x, out of a thread
//   w  say "w", wait for input to end    k  SIGTERM to itself    z  say "w", sleep for a second
//   r  a filter that kills for restart_syscall     R  strict mode, then as w
//   u  a call whose arguments have the sign bit: exits with 9 when upper halves are 0, else 8
// The n-th filter of the whole family is { LD IMM 100 + n; RET ALLOW }. Exits with 0, or 7.

using u16 = unsigned short;
using u32 = unsigned;
using word = long;

#ifdef __x86_64__
enum : word {
  nr_read = 0,
  nr_write = 1,
  nr_yield = 24,
  nr_nanosleep = 35,
  nr_getpid = 39,
  nr_clone = 56,
  nr_fork = 57,
  nr_execve = 59,
  nr_exit = 60,
  nr_wait4 = 61,
  nr_kill = 62,
  nr_prctl = 157,
  nr_exit_group = 231,
  nr_seccomp = 317,
};
static word call(word nr, word a = 0, word b = 0, word c = 0, word d = 0, word e = 0) {
  word result;
  register word r10 asm("r10") = d;
  register word r8 asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}
static word narrow_call(word nr, word a, word b, word c) {
  word result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(0L), "D"(0L)
               : "r8", "r9", "r10", "r11", "memory");
  return result;
}
#else
enum : word {
  nr_exit = 1,
  nr_fork = 2,
  nr_read = 3,
  nr_write = 4,
  nr_execve = 11,
  nr_getpid = 20,
  nr_kill = 37,
  nr_wait4 = 114,
  nr_clone = 120,
  nr_yield = 158,
  nr_nanosleep = 162,
  nr_prctl = 172,
  nr_exit_group = 252,
  nr_seccomp = 354,
};
static word call(word nr, word a = 0, word b = 0, word c = 0, word d = 0, word e = 0) {
  word result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
               : "memory");
  return result;
}
static word narrow_call(word nr, word a, word b, word c) { return call(nr, a, b, c); }
#endif

struct Instruction {
  u16 code;
  unsigned char jt, jf;
  u32 k;
};
struct Fprog {
  u16 length;
  const Instruction* instructions;
};
struct NarrowFprog {
  u16 length;
  u32 instructions;
};

static Instruction filter[2] = {{0x00, 1, 2, 100}, {0x06, 3, 4, 0x7fff0000}};
static const char* volatile thread_letters;
static volatile int thread_done;
static char* self;
alignas(16) static char stack[16384];

static const char* perform(const char* letters);

[[noreturn]] static void end(word code) {
  for (;;) call(nr_exit_group, code);
}
static word address(const void* pointer) { return reinterpret_cast<word>(pointer); }

static void install(u32 flags) {
  const Fprog program{2, filter};
  if (call(nr_seccomp, 1, flags, address(&program)) != 0) end(7);
  ++filter[0].k;
}

static void exec(const char* letters) {
  char rest[64];
  int length = 0;
  while (letters[length] != 0 && letters[length] != '/') {
    rest[length] = letters[length];
    ++length;
  }
  rest[length] = 0;
  char first[4] = {static_cast<char>('0' + (filter[0].k - 100) / 10),
                   static_cast<char>('0' + (filter[0].k - 100) % 10), 0, 0};
  char* argv[] = {self, rest, first, nullptr};
  char* envp[] = {nullptr};
  call(nr_execve, address(self), address(argv), address(envp));
  end(7);
}

extern "C" void thread_main() {
  perform(thread_letters);
  thread_done = 1;
  for (;;) call(nr_exit, 0);
}

// CLONE_VM | FS | FILES | SIGHAND | THREAD; the new thread starts on its own stack.
static void start_thread() {
  void** top = reinterpret_cast<void**>(stack + sizeof stack - 16 - sizeof(void*));
  top[0] = reinterpret_cast<void*>(thread_main);
  word result;
#ifdef __x86_64__
  asm volatile("syscall; test %%rax, %%rax; jnz 1f; xor %%ebp, %%ebp; pop %%rax; call *%%rax; 1:"
               : "=a"(result)
               : "0"(nr_clone), "D"(0x10f00L), "S"(top), "d"(0L)
               : "rcx", "r11", "memory");
#else
  asm volatile("int $0x80; test %%eax, %%eax; jnz 1f; xor %%ebp, %%ebp; pop %%eax; call *%%eax; 1:"
               : "=a"(result)
               : "0"(nr_clone), "b"(0x10f00L), "c"(top), "d"(0L)
               : "memory");
#endif
  if (result < 0) end(7);
}

static const char* after_slash(const char* letters) {
  while (*letters != 0 && *letters != '/') ++letters;
  return *letters == 0 ? letters : letters + 1;
}

static const char* run_thread(const char* letters) {
  thread_letters = letters;
  thread_done = 0;
  start_thread();
  while (thread_done == 0) call(nr_yield);
  return after_slash(letters);
}

static void run_child(const char* letters) {
  const word child = call(nr_fork);
  if (child < 0) end(7);
  if (child == 0) {
    perform(letters);
    end(0);
  }
  int status = 0;
  call(nr_wait4, child, address(&status));
  end((status >> 8) & 0xff);
}

static void narrow_install() {
  static NarrowFprog program;
  program.length = 2;
  program.instructions = static_cast<u32>(address(filter));
  if (narrow_call(354, 1, 0, address(&program)) != 0) end(7);
  ++filter[0].k;
}

static void prctl_install() {
  const Fprog program{2, filter};
  if (call(nr_prctl, 22, 2, address(&program)) != 0) end(7);
  ++filter[0].k;
}

static void refused_install() {
  const Instruction bad[1] = {{0x94, 0, 0, 3}};
  const Fprog program{1, bad};
  call(nr_seccomp, 1, 0, address(&program));
}

static void wait_for_input() {
  char byte = 'w';
  call(nr_write, 1, address(&byte), 1);
  while (call(nr_read, 0, address(&byte), 1) > 0) {
  }
}

static void refuse_restart() {
#ifdef __x86_64__
  const u32 number = 219;
#else
  const u32 number = 0;
#endif
  const Instruction refusing[4] = {
      {0x20, 0, 0, 0}, {0x15, 0, 1, number}, {0x06, 0, 0, 0x80000000}, {0x06, 0, 0, 0x7fff0000}};
  const Fprog program{4, refusing};
  if (call(nr_seccomp, 1, 0, address(&program)) != 0) end(7);
}

static void show_upper_halves() {
  const Instruction looking[11] = {
      {0x20, 0, 0, 0},          {0x15, 0, 8, 0x5001},     {0x20, 0, 0, 20},
      {0x15, 0, 4, 0},          {0x20, 0, 0, 28},         {0x15, 0, 2, 0},
      {0x20, 0, 0, 16},         {0x15, 1, 0, 0x80000001}, {0x06, 0, 0, 0x00050008},
      {0x06, 0, 0, 0x00050009}, {0x06, 0, 0, 0x7fff0000}};
  const Fprog program{11, looking};
  if (call(nr_seccomp, 1, 0, address(&program)) != 0) end(7);
  end(-call(0x5001, static_cast<word>(0x80000001), -1));
}

static void nap() {
  call(nr_write, 1, address("w"), 1);
  word time[2] = {1, 0};
  if (call(nr_nanosleep, address(time), 0) != 0) end(7);
}

static void exec_in_thread(const char* letters) {
  static char rest[66] = "x";
  for (int i = 0; i < 64 && (rest[i + 1] = letters[i]) != 0; ++i) {
  }
  thread_letters = rest;
  start_thread();
  for (;;) call(nr_yield);
}

static const char* perform(const char* letters) {
  while (*letters != 0 && *letters != '/') {
    switch (*letters++) {
      case 'n': call(nr_prctl, 38, 1); break;
      case 'p': prctl_install(); break;
      case 's': install(0); break;
      case 'l': install(2); break;
      case 't': install(1); break;
      case 'i': narrow_install(); break;
      case 'b': refused_install(); break;
      case 'S':
        call(nr_seccomp, 0, 0, 0);
        call(nr_exit, 0);
        break;
      case 'R':
        call(nr_seccomp, 0, 0, 0);
        wait_for_input();
        call(nr_exit, 0);
        break;
      case 'r': refuse_restart(); break;
      case 'f': run_child(letters); break;
      case 'x': exec(letters); break;
      case 'C': letters = run_thread(letters); break;
      case 'E': exec_in_thread(letters); break;
      case 'w': wait_for_input(); break;
      case 'z': nap(); break;
      case 'u': show_upper_halves(); break;
      case 'k': call(nr_kill, call(nr_getpid), 15); break;
      default: end(7);
    }
  }
  return letters;
}

extern "C" [[noreturn]] void begin(word* args) {
  char** argv = reinterpret_cast<char**>(args + 1);
  if (args[0] < 2) end(7);
  self = argv[0];
  if (args[0] > 2) filter[0].k = 100 + 10 * u32(argv[2][0] - '0') + u32(argv[2][1] - '0');
  perform(argv[1]);
  end(0);
}

#ifdef __x86_64__
asm(".globl _start; _start: xor %ebp, %ebp; mov %rsp, %rdi; and $-16, %rsp; call begin");
#else
asm(".globl _start; _start: xor %ebp, %ebp; mov %esp, %eax; and $-16, %esp; sub $12, %esp;"
    "push %eax; call begin");
#endif
