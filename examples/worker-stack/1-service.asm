; 1-service.asm: the older filter of a stack. A service manager puts it on everything that
; it starts, on any architecture: no new kernel code, no other clock, no reboot. Such calls
; are logged and refused where they are known, and all else is left to the service.

        ld [arch]
        jeq #AUDIT_ARCH_X86_64, +0, other
        ld [nr]
        jeq #x86_64.init_module, deny
        jeq #x86_64.finit_module, deny
        jeq #x86_64.kexec_load, deny
        jeq #x86_64.clock_settime, deny
        jeq #x86_64.reboot, deny
        jeq #x86_64.ptrace, log
        ret #ALLOW

other:  ret #LOG
log:    ret #LOG
deny:   ret #ERRNO(EPERM)
