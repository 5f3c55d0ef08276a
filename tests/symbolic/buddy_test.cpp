// The same expressions in our diagrams and in BuDDy's, over more variables than a truth table
// has room for. Both are canonical: with one order of variables they have the same shape.
#include <gtest/gtest.h>

#ifdef ASSAY_BUDDY

#include <bdd.h>

#include <cmath>
#include <map>

#include "assay/sample/random.hpp"
#include "assay/symbolic/condition.hpp"
#include "symbolic/diagram.hpp"

namespace assay::symbolic {
namespace {

constexpr int variables = 48;

class BuddySession {
 public:
  BuddySession() {
    bdd_init(1 << 18, 1 << 16);
    bdd_gbc_hook(nullptr);
    bdd_setvarnum(variables);
  }
  ~BuddySession() { bdd_done(); }
};

struct Both {
  Edge ours;
  bdd theirs;
};

// Whether the two are one function; pairs that were met before are known to be.
class SameShape {
 public:
  explicit SameShape(const Diagram& diagram) : diagram_(diagram) {}

  bool operator()(Edge ours, const bdd& theirs) {
    if (ours == yes || ours == no) return theirs == (ours == yes ? bddtrue : bddfalse);
    if (theirs == bddtrue || theirs == bddfalse) return false;
    const auto [at, fresh] = partner_.try_emplace(ours.hash(), theirs.id());
    if (!fresh) return at->second == theirs.id();
    return static_cast<int>(diagram_.level(ours)) == bdd_var(theirs) &&
           (*this)(diagram_.low(ours), bdd_low(theirs)) &&
           (*this)(diagram_.high(ours), bdd_high(theirs));
  }

 private:
  const Diagram& diagram_;
  std::map<std::uint32_t, int> partner_;
};

Both drawn(sample::Random& random, Diagram& diagram, const std::vector<Both>& pool) {
  const Both& f = random.pick(pool);
  const Both& g = random.pick(pool);
  const Both& h = random.pick(pool);
  switch (random.below(5)) {
    case 0: return {diagram.conjunction(f.ours, g.ours), f.theirs & g.theirs};
    case 1: return {diagram.disjunction(f.ours, g.ours), f.theirs | g.theirs};
    case 2: return {diagram.exclusive(f.ours, g.ours), f.theirs ^ g.theirs};
    case 3: return {!f.ours, !f.theirs};
    default: return {diagram.choice(f.ours, g.ours, h.ours), bdd_ite(f.theirs, g.theirs, h.theirs)};
  }
}

TEST(Buddy, HasTheSameDiagrams) {
  const BuddySession session;
  std::size_t largest = 0;
  for (std::uint64_t index = 0; index < 60; ++index) {
    sample::Random random(11, index);
    Manager manager{Order::fixed()};
    Diagram& diagram = manager.diagram();
    std::vector<Both> pool;
    for (int v = 0; v < variables; ++v)
      pool.push_back({diagram.variable(static_cast<std::uint32_t>(v)), bdd_ithvar(v)});
    for (int i = 0; i < 150; ++i) {
      pool.push_back(drawn(random, diagram, pool));
      const Both& last = pool.back();
      ASSERT_TRUE(SameShape(diagram)(last.ours, last.theirs)) << index << ", " << i;
      const double log2 = Condition(manager, last.ours).count().log2();
      const double expected = bdd_satcountln(last.theirs) + (input_bits - variables);
      if (last.ours == no) {
        ASSERT_TRUE(std::isinf(log2));
      } else {
        ASSERT_NEAR(log2, expected, 1e-6) << index << ", " << i;
      }
      largest = std::max(largest, static_cast<std::size_t>(bdd_nodecount(last.theirs)));
    }
    ASSERT_EQ(manager.check(), std::nullopt);
    ASSERT_FALSE(manager.exhausted());
  }
  std::cout << "largest diagram compared: " << largest << " nodes of BuDDy\n";
  EXPECT_GT(largest, 1000U);
}

}  // namespace
}  // namespace assay::symbolic

#else

TEST(Buddy, HasTheSameDiagrams) { GTEST_SKIP() << "built without BuDDy (libbdd-dev)"; }

#endif
