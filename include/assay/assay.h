/*
 * assay for C, and for every language that can call C: what a Linux seccomp filter really does.
 *
 *   assay_filter *filter;
 *   char *why = NULL;
 *   if (assay_filter_read(bytes, size, NULL, NULL, &filter, &why) == ASSAY_YES) {
 *     assay_record record = {.arch = "x86_64", .syscall = "openat", .args = {3}};
 *     assay_answer answer;
 *     assay_run(filter, &record, &answer, &why);
 *   }
 *
 * The border is stable: what stands here keeps its meaning and its layout while the library is
 * libassay.so.0; functions are added, with a new symbol version. Every function returns an
 * assay_status, the exit status of the command. None throws, exits, prints, or keeps state
 * between calls. A filter is immutable and may be used by several threads at a time.
 *
 * Ownership: the caller frees a filter with assay_filter_free() and every text that a function
 * hands out with assay_free(); texts that are passed in belong to the caller and are not kept.
 * `why`, where it is not NULL, receives one sentence for every status but YES and NO, and for the
 * NO of assay_filter_read(); else NULL, and where there is no memory for the sentence either.
 * Results and filters are written on success only. Text is UTF-8; NULL stands for the default of
 * an option.
 */
#ifndef ASSAY_ASSAY_H
#define ASSAY_ASSAY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ASSAY_API __attribute__((visibility("default")))
#else
#define ASSAY_API
#endif

typedef enum assay_status {
  ASSAY_YES = 0,         /* done; equal, possible, accepted */
  ASSAY_NO = 1,          /* differs, impossible, rejected by the kernel */
  ASSAY_BAD_USAGE = 2,   /* an argument makes no sense */
  ASSAY_BAD_INPUT = 3,   /* bytes or text that are malformed */
  ASSAY_CANNOT = 4,      /* out of memory, or a mistake of the library */
  ASSAY_NOT_DECIDED = 5  /* within the budget */
} assay_status;

typedef struct assay_filter assay_filter;

/* Which kernel's rules, and how much a proof may cost. `size` is sizeof(assay_options), so that
 * fields can be added; 0 or NULL in a field is its default. */
typedef struct assay_options {
  size_t size;
  const char *semantics;    /* "linux-4.14", "linux-6.12-ppc64le-jit"; the newest kernel */
  uint64_t node_limit;      /* nodes of a proof's diagrams; 2097152 */
  uint32_t time_limit_ms;   /* 10000 */
} assay_options;

/* One system call. `syscall`, where it is not NULL, names the number. */
typedef struct assay_record {
  const char *arch; /* "x86_64", "aarch64", "x32", ...; NULL is x86_64 */
  const char *syscall;
  uint32_t nr;
  uint64_t instruction_pointer;
  uint64_t args[6];
} assay_record;

typedef struct assay_answer {
  uint32_t value;        /* all 32 bits; of a stack, of the filter that decides */
  uint32_t instructions; /* executed, in all filters */
  char verdict[32];      /* "ERRNO(1)" */
} assay_answer;

/* "0.1.0" */
ASSAY_API const char *assay_version(void);
ASSAY_API void assay_free(void *text);

/* A filter from bytes. `format` is auto, raw, raw-be, text, ddd, hex or c. NO where the kernel
 * rejects it, for the reason in `why`. */
ASSAY_API assay_status assay_filter_read(const void *bytes, size_t size, const char *format,
                                         const assay_options *options, assay_filter **filter,
                                         char **why);
/* Several as a thread has them, oldest first, with the options of the first. They may be freed. */
ASSAY_API assay_status assay_filter_stack(const assay_filter *const *oldest_first, size_t count,
                                          assay_filter **stack, char **why);
ASSAY_API void assay_filter_free(assay_filter *filter);

/* Would the kernel accept it? JSON: insns, accepted, errno, insn, kind, reason, chain_length. */
ASSAY_API assay_status assay_check(const void *bytes, size_t size, const char *format,
                                   const assay_options *options, char **json, char **why);
ASSAY_API assay_status assay_run(const assay_filter *filter, const assay_record *record,
                                 assay_answer *answer, char **why);
/* The whole policy. JSON: archs, as `assay explain --format json`. */
ASSAY_API assay_status assay_explain(const assay_filter *filter, char **json, char **why);
/* YES: equal. JSON: equal, differences, as `assay diff --format json`. */
ASSAY_API assay_status assay_diff(const assay_filter *a, const assay_filter *b, char **json,
                                  char **why);
/* YES: some input that satisfies the condition (NULL: any) gets one of the verdicts, written as
 * "ERRNO(EPERM),TRAP". JSON: possible, witness, verdict. */
ASSAY_API assay_status assay_query(const assay_filter *filter, const char *when,
                                   const char *verdicts, char **json, char **why);
/* "a1:...", equal exactly when the meaning is. */
ASSAY_API assay_status assay_fingerprint(const assay_filter *filter, char **text, char **why);

#ifdef __cplusplus
}
#endif
#endif
