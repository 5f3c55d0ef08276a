; 2-worker.asm: the newer filter of the stack, installed by the program itself for a worker
; that parses untrusted files. For authors who want to see what a stack does: both filters
; are asked for every call, and the stronger answer counts, so this one can take away what
; 1-service.asm allows and can never give back what it refuses.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jeq #x86_64.read, allow
        jeq #x86_64.write, allow
        jeq #x86_64.mmap, allow
        jeq #x86_64.munmap, allow
        jeq #x86_64.brk, allow
        jeq #x86_64.exit_group, allow
        jeq #x86_64.rt_sigreturn, allow
        jeq #x86_64.ptrace, allow       ; 1-service.asm still logs it
        jeq #x86_64.reboot, absent      ; ERRNO against ERRNO: the newest one's number counts
        jeq #x86_64.openat, broker      ; opened by a broker on its behalf
        jeq #x86_64.clock_settime, trap ; a TRAP is stronger than the older filter's ERRNO
        ja deny

allow:  ret #ALLOW
broker: ret #USER_NOTIF
deny:   ret #ERRNO(EACCES)
absent: ret #ERRNO(ENOSYS)
trap:   ret #TRAP(1)
kill:   ret #KILL_PROCESS
