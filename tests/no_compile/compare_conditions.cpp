// As compare_functions.cpp, for sets of inputs.
#include "assay/symbolic/condition.hpp"

bool same(const assay::symbolic::Condition& a, const assay::symbolic::Condition& b) {
#ifdef MENDED
  return a.manager().equal(a, b);
#else
  return a == b;
#endif
}
