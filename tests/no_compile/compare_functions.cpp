// Handles of two managers mean nothing to each other: == does not exist, the manager is asked.
#include "assay/symbolic/verdict_function.hpp"

bool same(const assay::symbolic::VerdictFunction& a, const assay::symbolic::VerdictFunction& b) {
#ifdef MENDED
  return a.manager().equal(a, b);
#else
  return a == b;
#endif
}
