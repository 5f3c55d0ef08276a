// What the kernel logs of seccomp (seccomp_log(), audit_seccomp()): read from the audit
// multicast group, which needs no auditd and has no rate limit, unlike the kernel log.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

#include "assay/seccomp/verdict.hpp"
#include "kernel/raw_calls.hpp"
#include "kernel/sysctl.hpp"
#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using test::Filter;
using test::in_child;
using test::install;
using test::no_new_privs;
using test::on;
using test::own_number;
using test::Sysctl;

constexpr const char* actions_logged = "kernel.seccomp.actions_logged";
constexpr const char* all_names = "kill_process kill_thread trap errno user_notif trace log";
constexpr unsigned long flag_log = 2;
constexpr std::uint32_t log_action = 0x7ffc0000;
constexpr std::chrono::seconds patience{5};  // for a record that must come

// "audit(SEC.MSEC:SERIAL): auid=... code=0x7ffc0000".
struct Record {
  std::string text;
  std::string serial() const { return text.substr(0, text.find(')')); }
  std::vector<std::string> names() const;
  std::string operator[](const std::string& name) const;
};

std::vector<std::pair<std::string, std::string>> fields_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> fields;
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (const auto equal = word.find('='); equal != word.npos)
      fields.emplace_back(word.substr(0, equal), word.substr(equal + 1));
  return fields;
}

std::vector<std::string> Record::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields_of(text)) names.push_back(name);
  return names;
}

std::string Record::operator[](const std::string& name) const {
  for (const auto& [each, value] : fields_of(text))
    if (each == name) return value;
  return "";
}

// Hears all records of the machine from its construction on.
class AuditReader {
 public:
  AuditReader() : socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
    const int room = 8 << 20;
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    heard_ = bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  AuditReader(const AuditReader&) = delete;
  AuditReader& operator=(const AuditReader&) = delete;
  ~AuditReader() { close(socket_); }
  bool ready() const { return heard_; }

  // The next record of seccomp, if one comes before `end`. Nothing when some were lost.
  std::optional<Record> next(std::chrono::steady_clock::time_point end) {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd readable{socket_, POLLIN, 0};
      if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) return {};
      std::array<char, 16384> buffer;
      const ssize_t length = recv(socket_, buffer.data(), buffer.size(), 0);
      if (length < static_cast<ssize_t>(sizeof(nlmsghdr))) return {};
      nlmsghdr header{};
      std::copy_n(buffer.data(), sizeof header, reinterpret_cast<char*>(&header));
      if (header.nlmsg_type == AUDIT_SECCOMP)
        return Record{std::string(buffer.data() + NLMSG_HDRLEN, buffer.data() + length)};
    }
  }

 private:
  int socket_;
  bool heard_ = false;
};

// The id of the child that runs `body`, which may end as it likes.
std::string id_of_child(const std::function<void()>& body) {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  in_child([&] {
    const pid_t own = getpid();
    if (write(ends[1], &own, sizeof own) != sizeof own) return 1;
    body();
    return 0;
  });
  pid_t pid = 0;
  if (read(ends[0], &pid, sizeof pid) != sizeof pid) pid = 0;
  close(ends[0]);
  close(ends[1]);
  return std::to_string(pid);
}

// Makes one call under one filter, or a stack of them, oldest first.
void call_under(const std::vector<std::pair<Filter, unsigned long>>& stack, long nr = own_number) {
  no_new_privs();
  std::signal(SIGSYS, [](int) {});
  for (const auto& [filter, flags] : stack) install(filter, flags);
  test::wide(nr);
}

class Logging : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::is_root()) GTEST_SKIP() << "only root reads the audit records";
    reader_.emplace();
    if (!reader_->ready()) GTEST_SKIP() << "the audit records cannot be read here";
    logged_.emplace(actions_logged, all_names);
    if (!logged_->set()) GTEST_SKIP() << actions_logged << " cannot be set here";
    if (!records_until_marked("")) GTEST_SKIP() << "no audit record comes";
  }

  // What the child's body made the kernel log while the names were logged.
  std::vector<Record> records_of(const std::function<void()>& body,
                                 const std::string& names = all_names) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      EXPECT_EQ(logged_->write(names), 0);
      const std::string pid = id_of_child(body);
      EXPECT_EQ(logged_->write(all_names), 0);
      if (auto records = records_until_marked(pid)) return *records;
    }
    ADD_FAILURE() << "records were lost";
    return {};
  }

  // Records come in the order in which they were made: what another child logs ends the wait
  // for what may not come at all.
  std::optional<std::vector<Record>> records_until_marked(const std::string& pid) {
    const std::string marker = id_of_child([] { call_under({{on(own_number, log_action), 0}}); });
    const auto end = std::chrono::steady_clock::now() + patience;
    std::vector<Record> records;
    while (const auto record = reader_->next(end)) {
      if ((*record)["pid"] == marker) return records;
      if ((*record)["pid"] == pid) records.push_back(*record);
    }
    return {};
  }

  std::optional<AuditReader> reader_;
  std::optional<Sysctl> logged_;
};

struct Logged {
  const char* name;  // in actions_logged
  std::uint32_t value;
  const char* code;
  const char* sig;
  bool always;  // without FLAG_LOG
};
constexpr std::array<Logged, 10> each_action{{
    {"kill_process", 0x80001234, "0x80000000", "31", true},
    {"kill_thread", 0x00001234, "0x0", "31", true},
    {"trap", 0x00031234, "0x30000", "0", false},
    {"errno", 0x00051234, "0x50000", "0", false},
    {"user_notif", 0x7fc01234, "0x7fc00000", "0", false},
    {"trace", 0x7ff01234, "0x7ff00000", "0", false},
    {"log", 0x7ffc1234, "0x7ffc0000", "0", true},
    {"kill_process", 0x7ffe1234, "0x7ffe0000", "31", true},  // unknown actions
    {"kill_process", 0x90001234, "0x90000000", "31", true},
    {"kill_process", 0x00061234, "0x60000", "31", true},
}};

std::string all_but(const std::string& name) {
  std::string names;
  std::istringstream words(all_names);
  for (std::string word; words >> word;)
    if (word != name) names += word + " ";
  return names;
}

TEST_F(Logging, WhatIsLoggedOfEachAction) {
  for (const Logged& action : each_action)
    for (const unsigned long flags : {0UL, flag_log}) {
      const auto records = records_of([&] { call_under({{on(own_number, action.value), flags}}); });
      ASSERT_EQ(records.size(), action.always || flags != 0 ? 1U : 0U) << action.code << flags;
      if (records.empty()) continue;
      EXPECT_EQ(records[0]["code"], action.code);  // and none of the data
      EXPECT_EQ(records[0]["sig"], action.sig) << action.code;
    }
}

TEST_F(Logging, AllowedCallsAreNeverLogged) {
  for (const std::uint32_t value : {test::allow, test::allow | 1})
    EXPECT_TRUE(records_of([&] { call_under({{on(own_number, value), flag_log}}); }).empty());
}

TEST_F(Logging, OnlyWhatActionsLoggedNames) {
  for (const Logged& action : each_action) {
    const auto body = [&] { call_under({{on(own_number, action.value), flag_log}}); };
    EXPECT_EQ(records_of(body, action.name).size(), 1U) << action.code;
    EXPECT_TRUE(records_of(body, all_but(action.name)).empty()) << action.code;
    EXPECT_TRUE(records_of(body, "").empty()) << action.code;
  }
}

// On equal actions that is the newest one.
TEST_F(Logging, TheFlagOfTheMatchingFilterCounts) {
  const Filter older = on(own_number, 0x00050001);
  const Filter newer = on(own_number, 0x00050002);
  const Filter weaker = on(own_number, test::allow);
  const auto count = [&](const std::vector<std::pair<Filter, unsigned long>>& stack) {
    return records_of([&] { call_under(stack); }).size();
  };
  EXPECT_EQ(count({{older, flag_log}, {newer, 0}}), 0U);
  EXPECT_EQ(count({{older, 0}, {newer, flag_log}}), 1U);
  EXPECT_EQ(count({{older, flag_log}, {weaker, 0}}), 1U);
  EXPECT_EQ(count({{older, 0}, {weaker, flag_log}}), 0U);
}

// One call whose listener, in the same process, gives the answer.
void call_answered(seccomp_notif_resp answer) {
  no_new_privs();
  constexpr unsigned long new_listener = 8;
  const int listener =
      static_cast<int>(install(on(own_number, 0x7fc00000), flag_log | new_listener));
  std::thread caller([] { test::wide(own_number); });
  seccomp_notif told{};
  ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told);
  answer.id = told.id;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  caller.join();
}

// At the one stop of `tracee`: whether the call is skipped is decided there.
[[noreturn]] void trace(pid_t tracee, bool skip, int ready) {
  alarm(20);
  if (ptrace(PTRACE_SEIZE, tracee, nullptr, PTRACE_O_TRACESECCOMP) != 0) _exit(1);
  close(ready);
  int status = 0;
  if (waitpid(tracee, &status, __WALL) != tracee) _exit(1);
  user_regs_struct regs{};
  ptrace(PTRACE_GETREGS, tracee, nullptr, &regs);
  if (skip) regs.orig_rax = ~0ULL;
  ptrace(PTRACE_SETREGS, tracee, nullptr, &regs);
  ptrace(PTRACE_DETACH, tracee, nullptr, nullptr);
  _exit(0);
}

// One call of this process with a tracer that skips it, or does not.
void call_traced(bool skip) {
  no_new_privs();
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
  const pid_t own = getpid();
  const pid_t tracer = fork();
  if (tracer == 0) trace(own, skip, ends[1]);
  close(ends[1]);
  char byte = 0;
  if (read(ends[0], &byte, 1) != 0) return;
  install(on(own_number, 0x7ff00000), flag_log);
  test::wide(own_number);
  waitpid(tracer, nullptr, 0);
}

TEST_F(Logging, WhatAListenerOrTracerLetsRunIsNotLogged) {
  const seccomp_notif_resp skipping{0, 0x1234, 0, 0};
  const seccomp_notif_resp going_on{0, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  EXPECT_EQ(records_of([&] { call_answered(skipping); }).size(), 1U);
  EXPECT_EQ(records_of([&] { call_answered(going_on); }).size(), 0U);
  EXPECT_EQ(records_of([] { call_traced(true); }).size(), 1U);
  EXPECT_EQ(records_of([] { call_traced(false); }).size(), 0U);
}

// What is the same for every call of the process; the call itself is checked by who made it.
TEST_F(Logging, FieldsOfARecord) {
  const auto records = records_of([] { call_under({{on(own_number, log_action), 0}}); });
  ASSERT_EQ(records.size(), 1U);
  const Record& record = records[0];
  std::vector<std::string> names = record.names();
  std::erase(names, "subj");  // where a security module labels processes
  EXPECT_EQ(names, (std::vector<std::string>{"auid", "uid", "gid", "ses", "pid", "comm", "exe",
                                             "sig", "arch", "syscall", "compat", "ip", "code"}));
  const auto line_of = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(record["auid"], line_of("/proc/self/loginuid"));
  EXPECT_EQ(record["ses"], line_of("/proc/self/sessionid"));
  EXPECT_EQ(record["uid"], std::to_string(getuid()));
  EXPECT_EQ(record["gid"], std::to_string(getgid()));
  EXPECT_EQ(record["exe"], "\"" + std::filesystem::read_symlink("/proc/self/exe").string() + "\"");
  EXPECT_EQ(record["arch"], "c000003e");
  EXPECT_EQ(record["syscall"], std::to_string(own_number));
  EXPECT_EQ(record["compat"], "0");
  EXPECT_TRUE(record["ip"].starts_with("0x"));
}

TEST_F(Logging, NumbersOfARecord) {
  for (const long nr : {-1L, 0x40000005L, 0x7fffffffL, -0x2152411000000000L + own_number}) {
    const auto seen = static_cast<std::uint32_t>(nr);
    const auto records = records_of([&] { call_under({{on(seen, log_action), 0}}, nr); });
    ASSERT_EQ(records.size(), 1U) << nr;
    EXPECT_EQ(records[0]["syscall"], std::to_string(static_cast<std::int32_t>(seen)));
  }
}

// The address behind the call.
TEST_F(Logging, PointerOfARecord) {
  static std::uintptr_t* const ip = static_cast<std::uintptr_t*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(ip, MAP_FAILED);
  const auto records = records_of([] {
    no_new_privs();
    install(on(own_number, log_action));
    long result = own_number;
    asm volatile("lea 1f(%%rip), %1; syscall; 1:"
                 : "+a"(result), "=&r"(*ip)
                 :
                 : "rcx", "r11", "memory");
  });
  ASSERT_EQ(records.size(), 1U);
  std::ostringstream expected;
  expected << "0x" << std::hex << *ip;
  EXPECT_EQ(records[0]["ip"], expected.str());
}

// What is no plain word is written in hexadecimal digits.
TEST_F(Logging, NamesOfProcesses) {
  const std::map<std::string, std::string> names{
      {"plain", "\"plain\""}, {"na me\"x", "6E61206D652278"},
      {"a b", "612062"},      {"a\"b", "612262"},
      {"a\x01", "6101"},      {"a\x7f", "617F"}};
  for (const auto& each : names) {
    const auto records = records_of([&] {
      prctl(PR_SET_NAME, each.first.c_str());
      call_under({{on(own_number, log_action), 0}});
    });
    ASSERT_EQ(records.size(), 1U) << each.first;
    EXPECT_EQ(records[0]["comm"], each.second);
  }
}

TEST_F(Logging, NarrowCallsAreMarked) {
  if (!test::has_narrow_calls()) GTEST_SKIP() << "this kernel has no 32-bit calls";
  const auto records = records_of([] {
    no_new_privs();
    install(on(own_number, log_action));
    test::narrow(own_number);
  });
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["arch"], "40000003");
  EXPECT_EQ(records[0]["compat"], "1");
}

TEST_F(Logging, DeathInStrictMode) {
  const auto body = [] {
    prctl(PR_SET_SECCOMP, 1);
    test::wide(own_number);
  };
  const auto records = records_of(body);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["sig"], "9");
  EXPECT_EQ(records[0]["code"], "0x0");
}

// The lines that the kernel log has had from the construction on.
class KernelLog {
 public:
  KernelLog() : file_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    lseek(file_, 0, SEEK_END);
  }
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;
  ~KernelLog() { close(file_); }
  bool ready() const { return file_ >= 0; }

  bool has(const std::string& text) {
    for (int i = 0; i < 100; ++i) {
      std::array<char, 8192> line;
      for (;;) {
        const ssize_t length = ::read(file_, line.data(), line.size());
        if (length < 0 && errno == EPIPE) continue;  // overwritten meanwhile
        if (length <= 0) break;
        if (std::string(line.data(), line.data() + length).find(text) != text.npos) return true;
      }
      usleep(10'000);
    }
    return false;
  }

 private:
  int file_;
};

// What the audit system says of itself: {AUDIT_STATUS}.
std::optional<audit_status> status_of_audit() {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  nlmsghdr question{sizeof question, AUDIT_GET, NLM_F_REQUEST, 1, 0};
  const timeval second{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  std::array<char, 1024> buffer;
  const bool sent = send(socket, &question, sizeof question, 0) == sizeof question;
  const ssize_t length = sent ? recv(socket, buffer.data(), buffer.size(), 0) : -1;
  close(socket);
  if (length < NLMSG_HDRLEN) return {};
  nlmsghdr header{};
  std::copy_n(buffer.data(), sizeof header, reinterpret_cast<char*>(&header));
  if (header.nlmsg_type != AUDIT_GET) return {};
  audit_status status{};
  std::copy_n(buffer.data() + NLMSG_HDRLEN,
              std::min(sizeof status, static_cast<std::size_t>(length - NLMSG_HDRLEN)),
              reinterpret_cast<char*>(&status));
  return status;
}

TEST_F(Logging, WithoutADaemonTheKernelLogHasTheRecord) {
  const auto status = status_of_audit();
  if (!status || status->pid != 0) GTEST_SKIP() << "an audit daemon takes the records";
  const Sysctl unlimited("kernel.printk_ratelimit", "0");
  KernelLog log;
  if (!unlimited.set() || !log.ready()) GTEST_SKIP() << "the kernel log cannot be read here";
  const auto records = records_of([] { call_under({{on(own_number, log_action), 0}}); });
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(log.has("audit: type=1326 " + records[0].text));
}

TEST_F(Logging, NamesThatActionsLoggedTakes) {
  for (const char* name : {"allow", "kill", "LOG", "log allow", "nonsense", "log,trap"}) {
    EXPECT_EQ(logged_->write(name), EINVAL) << name;
    EXPECT_EQ(logged_->read(), all_names) << name;
    test::asked();
  }
  const std::map<std::string, std::string> read_back{
      {"", ""},
      {"log", "log"},
      {"log log trap log", "trap log"},
      {"log trace user_notif errno trap kill_thread kill_process", all_names}};
  for (const auto& [written, expected] : read_back) {
    EXPECT_EQ(logged_->write(written), 0) << written;
    EXPECT_EQ(logged_->read(), expected);
    test::asked();
  }
}

// Whoever is killed in the middle leaves the machine as it was.
TEST(Sysctls, ComeBackWhenTheTestIsKilled) {
  if (!test::is_root()) GTEST_SKIP() << "only root can change a setting";
  const std::string before = test::sysctl(actions_logged);
  const std::string other = before == "log" ? "trap" : "log";
  const int code = in_child([&] {
    const Sysctl changed(actions_logged, other);
    if (!changed.set() || changed.read() != other) return 1;
    return raise(SIGKILL);
  });
  if (code == 1) GTEST_SKIP() << actions_logged << " cannot be set here";
  EXPECT_EQ(code, -SIGKILL);
  // Waits for the one who restores.
  const Sysctl next(actions_logged, before);
  EXPECT_EQ(next.before(), before);
}

}  // namespace
}  // namespace assay::kernel
