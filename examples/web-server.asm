; web-server.asm: what an event-driven HTTP server needs once it has its configuration, its
; log files and its listening socket. For whoever runs such a server without a container, or
; wants a second wall inside one. x86_64 only.
;
; It may open files for reading only, make sockets of the internet and local ones, and never
; gets memory that is both new and executable. Anything else fails with EPERM; a call of
; another ABI ends the process.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jge #X32_SYSCALL_BIT, kill

        ; the busy ones first
        jeq #x86_64.epoll_wait, allow
        jeq #x86_64.accept4, allow
        jeq #x86_64.recvfrom, allow
        jeq #x86_64.writev, allow
        jeq #x86_64.sendfile, allow
        jeq #x86_64.read, allow
        jeq #x86_64.write, allow
        jeq #x86_64.close, allow
        jeq #x86_64.epoll_ctl, allow
        jeq #x86_64.openat, open
        jeq #x86_64.newfstatat, allow
        jeq #x86_64.fstat, allow
        jeq #x86_64.pread64, allow
        jeq #x86_64.sendto, allow
        jeq #x86_64.shutdown, allow
        jeq #x86_64.setsockopt, allow
        jeq #x86_64.getsockname, allow
        jeq #x86_64.socket, socket
        jeq #x86_64.connect, allow
        jeq #x86_64.futex, allow
        jeq #x86_64.mmap, memory
        jeq #x86_64.mprotect, memory
        jeq #x86_64.munmap, allow
        jeq #x86_64.brk, allow
        jeq #x86_64.madvise, allow
        jeq #x86_64.clock_gettime, allow
        jeq #x86_64.getrandom, allow
        jeq #x86_64.rt_sigaction, allow
        jeq #x86_64.rt_sigprocmask, allow
        jeq #x86_64.rt_sigreturn, allow
        jeq #x86_64.restart_syscall, allow
        jeq #x86_64.exit, allow
        jeq #x86_64.exit_group, allow
        ja deny

open:   ; flags: the two bits that say how, and those that make or cut a file
        ld [args[2].lo]
        jset #0x643, deny, allow        ; O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND

socket: ; the kernel looks at the lower half of an int
        ld [args[0].lo]
        jeq #AF_UNIX, allow
        jeq #AF_INET, allow
        jeq #AF_INET6, allow, deny

memory: ld [args[2].lo]
        jset #PROT_EXEC, deny, allow

allow:  ret #ALLOW
deny:   ret #ERRNO(EPERM)
kill:   ret #KILL_PROCESS
