; tty-guard.asm: keeps a contained program from typing into its user's terminal (ioctl TIOCSTI)
; or from pasting into its console (TIOCLINUX). Of the command only what the kernel takes is
; compared, the low 32 bits; tty-guard-2018.asm is what it was.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jge #X32_SYSCALL_BIT, kill
        jne #x86_64.ioctl, allow
        ld [args[1].lo]
        jeq #0x5412, deny               ; TIOCSTI
        jeq #0x541c, deny               ; TIOCLINUX

allow:  ret #ALLOW
deny:   ret #ERRNO(EPERM)
kill:   ret #KILL_PROCESS
