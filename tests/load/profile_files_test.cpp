// Which other files are read with a profile: drop-ins of units, includes of policies.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "assay/load/profile.hpp"

namespace assay::load {
namespace {

namespace fs = std::filesystem;

// A folder of files that is gone at the end of the test.
class ScratchFolder {
 public:
  ScratchFolder() : path_("/tmp/assay-load-XXXXXX") { made_ = ::mkdtemp(path_.data()) != nullptr; }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code error;
    if (made_) fs::remove_all(path_, error);
  }
  void add(const std::string& name, std::string_view text) const {
    fs::create_directories(fs::path(path_ + "/" + name).parent_path());
    std::ofstream(path_ + "/" + name) << text;
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // The files of a profile, without the folder.
  std::vector<std::string> files_of(const std::string& name) const {
    const auto profile = load_profile(path_ + "/" + name);
    if (!profile) return {"error: " + describe(profile.error())};
    std::vector<std::string> files;
    for (const std::string& file : profile->targets.files)
      files.push_back(file.starts_with(path_) ? file.substr(path_.size() + 1) : file);
    return files;
  }

 private:
  std::string path_;
  bool made_ = false;
};

using Files = std::vector<std::string>;

TEST(ProfileFiles, DropInsAreReadByNameAndTheMostSpecificCounts) {
  const ScratchFolder folder;
  folder.add("a-b@c.service", "[Service]\n");
  folder.add("a-b@c.service.d/20-x.conf", "[Service]\n");
  folder.add("a-b@.service.d/20-x.conf", "[Service]\n");
  folder.add("a-b@.service.d/10-y.conf", "[Service]\n");
  folder.add("a-.service.d/30-z.conf", "[Service]\n");
  folder.add("service.d/05-all.conf", "[Service]\n");
  folder.add("service.d/30-z.conf", "[Service]\n");
  folder.add("a-.service.d/ignored.txt", "[Service]\n");
  folder.add("b-.service.d/40.conf", "[Service]\n");
  EXPECT_EQ(folder.files_of("a-b@c.service"),
            (Files{"a-b@c.service", "service.d/05-all.conf", "a-b@.service.d/10-y.conf",
                   "a-b@c.service.d/20-x.conf", "a-.service.d/30-z.conf"}));
}

TEST(ProfileFiles, AnEmptyDropInTakesOthersOfItsNameAway) {
  const ScratchFolder folder;
  folder.add("a.service", "[Service]\n");
  folder.add("a.service.d/x.conf", "");
  folder.add("service.d/x.conf", "[Service]\n");
  fs::create_directory(folder / "b.service.d");
  folder.add("b.service", "[Service]\n");
  fs::create_symlink("/dev/null", folder / "b.service.d/x.conf");
  EXPECT_EQ(folder.files_of("a.service"), Files{"a.service"});
  EXPECT_EQ(folder.files_of("b.service"), Files{"b.service"});
}

TEST(ProfileFiles, FoldersOfTheSystemBelongTogether) {
  const ScratchFolder folder;
  folder.add("usr/lib/systemd/system/a.service", "[Service]\n");
  folder.add("usr/lib/systemd/system/a.service.d/1.conf", "[Service]\n");
  folder.add("usr/lib/systemd/system/a.service.d/2.conf", "[Service]\n");
  folder.add("etc/systemd/system/a.service.d/2.conf", "[Service]\n");
  folder.add("run/systemd/system/service.d/3.conf", "[Service]\n");
  folder.add("etc/systemd/user/a.service.d/4.conf", "[Service]\n");
  EXPECT_EQ(
      folder.files_of("usr/lib/systemd/system/a.service"),
      (Files{"usr/lib/systemd/system/a.service", "usr/lib/systemd/system/a.service.d/1.conf",
             "etc/systemd/system/a.service.d/2.conf", "run/systemd/system/service.d/3.conf"}));
}

TEST(ProfileFiles, PoliciesIncludeFromTheirFolder) {
  const ScratchFolder folder;
  folder.add("main.policy", "@include ./more.policy\nread: 1\n");
  folder.add("more.policy", "write: 1\n");
  EXPECT_EQ(folder.files_of("main.policy"), (Files{"main.policy", "./more.policy"}));
  folder.add("lost.policy", "@include ./nowhere.policy\n");
  EXPECT_NE(folder.files_of("lost.policy").front().find("nowhere.policy"), std::string::npos);
}

TEST(ProfileFiles, OtherGroupsOfCallsMayBeGiven) {
  const ScratchFolder folder;
  folder.add("a.service", "[Service]\nSystemCallFilter=~@mine\n");
  EXPECT_EQ(load_profile(folder / "a.service")->targets.findings.size(), 1U);
  ProfileOptions options;
  options.groups = *profile::CallGroups::parse("@default\n  read\n@mine\n  write\n", "mine.txt");
  const auto profile = load_profile(folder / "a.service", options);
  ASSERT_TRUE(profile);
  EXPECT_TRUE(profile->targets.findings.empty());
  EXPECT_TRUE(profile->targets.targets[0].unit->sandbox.filter->calls.contains("write"));
}

}  // namespace
}  // namespace assay::load
