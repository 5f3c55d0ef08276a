; io-window.asm: a storage worker that may touch the first GiB of its file and no byte more.
; For a process that serves one tenant's slice of a shared image. x86_64 only.
;
; Shows what a filter can compute. An end, offset + count, is a sum of two arguments, so it
; needs X, and M[] to keep one half while the other is looked at. A file descriptor is an
; int in a 64-bit register: its upper half must be what the sign of the lower one makes it.

        ld [arch]
        jne #AUDIT_ARCH_X86_64, kill
        ld [nr]
        jeq #x86_64.pread64, window
        jeq #x86_64.pwrite64, window
        jeq #x86_64.fdatasync, descriptor
        jeq #x86_64.futex, allow
        jeq #x86_64.exit_group, allow
        ja kill

window: ; both halves above 4 GiB are 0
        ld [args[2].hi]
        st M[0]
        ld [args[3].hi]
        ldx M[0]
        or x
        jne #0, deny
        ; X = count, A = offset + count
        ld [args[2].lo]
        tax
        ld [args[3].lo]
        add x
        jge x, inside, deny             ; less than count: the sum passed 4 GiB
inside: jgt #0x40000000, deny

descriptor:
        ; X = the sign of the lower half, 32 times
        ld [args[0].lo]
        rsh #31
        neg
        tax
        ld [args[0].hi]
        jeq x, allow, deny

allow:  ret #ALLOW
deny:   ret #ERRNO(EINVAL)
kill:   ret #KILL_PROCESS
