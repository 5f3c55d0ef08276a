// A handle into a diagram is a type of its own.
#include "assay/symbolic/edge.hpp"

#ifdef MENDED
constexpr assay::symbolic::Edge chosen = assay::symbolic::no;
#else
constexpr assay::symbolic::Edge chosen = 1;
#endif
