/* What does a filter say of openat? cc verdict.c $(pkg-config --cflags --libs assay-c) */
#include <assay/assay.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  const char *const text = "ld [nr]\njeq #257, +0, +1\nret #ERRNO(13)\nret #ALLOW\n";
  const assay_record record = {.syscall = "openat"};
  assay_filter *filter;
  assay_answer answer;
  if (assay_filter_read(text, strlen(text), "text", NULL, &filter, NULL) != ASSAY_YES) return 1;
  assay_status status = assay_run(filter, &record, &answer, NULL);
  if (status == ASSAY_YES) printf("%s\n", answer.verdict);
  assay_filter_free(filter);
  return status;
}
