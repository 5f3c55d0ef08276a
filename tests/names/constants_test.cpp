#include "assay/names/constants.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "assay/seccomp/verdict.hpp"

namespace assay::names {
namespace {

TEST(Constants, ByName) {
  const std::map<std::string_view, std::int64_t> values = {
      {"SECCOMP_RET_KILL_PROCESS", 0x80000000},
      {"SECCOMP_RET_ALLOW", 0x7fff0000},
      {"SECCOMP_RET_KILL", 0},
      {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20},
      {"AF_UNIX", 1},
      {"AF_VSOCK", 40},
      {"SOCK_CLOEXEC", 02000000},
      {"CLONE_NEWUSER", 0x10000000},
      {"CLONE_INTO_CGROUP", 0x200000000},
      {"O_CREAT", 0100},
      {"MAP_ANONYMOUS", 0x20},
      {"PROT_EXEC", 4},
      {"TIOCSTI", 0x5412},
      {"TIOCLINUX", 0x541c},
      {"PR_SET_NO_NEW_PRIVS", 38},
      {"AT_FDCWD", -100},
      {"S_ISUID", 04000},
      {"ADDR_NO_RANDOMIZE", 0x40000},
      {"PER_LINUX32", 8},
  };
  for (const auto& [name, value] : values) EXPECT_EQ(constant_value(name), value) << name;
  for (const char* name : {"", "AF_", "af_unix", "AF_UNIX ", "ZZZ"}) {
    EXPECT_EQ(constant_value(name), std::nullopt) << name;
  }
}

TEST(Constants, ByGroupAndValue) {
  EXPECT_EQ(constant_name("AF_", 1), "AF_UNIX");  // AF_LOCAL and AF_FILE are synonyms
  EXPECT_EQ(constant_name("SECCOMP_RET_", 0), "SECCOMP_RET_KILL_THREAD");
  EXPECT_EQ(constant_name("SIG", 6), "SIGABRT");
  EXPECT_EQ(constant_name("AT_", -100), "AT_FDCWD");
  EXPECT_EQ(constant_name("TIO", 0x5412), "TIOCSTI");
  EXPECT_EQ(constant_name("AF_", 9999), std::nullopt);
  EXPECT_EQ(constant_name("NOSUCH_", 1), std::nullopt);
  EXPECT_TRUE(constants_of("NOSUCH_").empty());
  EXPECT_EQ(constants_of("SECCOMP_FILTER_FLAG_").size(), 6U);
}

TEST(Constants, GroupsStandTogetherAndNamesAreUnique) {
  std::set<std::string_view> groups;
  std::set<std::string_view> names;
  std::size_t total = 0;
  for (const Constant& row : all_constants()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    if (groups.insert(row.group).second) total += constants_of(row.group).size();
    EXPECT_EQ(constant_value(row.name), row.value) << row.name;
    EXPECT_TRUE(constant_name(row.group, row.value)) << row.name;
  }
  EXPECT_EQ(total, all_constants().size());
  EXPECT_GE(groups.size(), 50U);
}

TEST(Constants, ActionsAreThoseOfTheContract) {
  for (const auto& action : seccomp::actions) {
    EXPECT_EQ(constant_value("SECCOMP_RET_" + std::string(action.name)), action.value);
    EXPECT_EQ(constant_name("SECCOMP_RET_", action.value),
              "SECCOMP_RET_" + std::string(action.name));
  }
}

// A program made from the data file prints what the installed headers say of each name. C
// library and kernel headers get one each, since they cannot always be included together.
struct Row {
  std::string name, header;
  bool enumerator;
};

std::vector<Row> rows_of_data_file() {
  std::vector<Row> rows;
  std::ifstream text(ASSAY_SOURCE_DIR "/lib/names/constants.tsv");
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with('#') || line.starts_with("group\t")) continue;
    std::istringstream cells(line);
    std::string group, name, value, header;
    std::getline(cells, group, '\t');
    std::getline(cells, name, '\t');
    std::getline(cells, value, '\t');
    std::getline(cells, header, '\t');
    const bool enumerator = header.starts_with("enum ");
    rows.push_back({name, enumerator ? header.substr(5) : header, enumerator});
  }
  return rows;
}

bool is_kernel_header(const std::string& header) {
  return header.starts_with("linux/") || header.starts_with("asm/");
}

std::string program_for(const std::vector<Row>& rows, bool kernel) {
  std::set<std::string> headers;
  std::string body;
  for (const Row& row : rows) {
    if (is_kernel_header(row.header) != kernel) continue;
    headers.insert(row.header);
    if (!row.enumerator) body += "#ifdef " + row.name + "\n";
    body += "  std::printf(\"" + row.name + " %lld\\n\", (long long)(" + row.name + "));\n";
    if (!row.enumerator) body += "#endif\n";
  }
  std::string text = "#include <cstdio>\n";
  for (const std::string& header : headers) text += "#include <" + header + ">\n";
  return text + "int main() {\n" + body + "}\n";
}

class Folder {
 public:
  Folder() {
    std::string form = (std::filesystem::temp_directory_path() / "assay-XXXXXX").string();
    if (::mkdtemp(form.data()) != nullptr) path_ = form;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::map<std::string, std::int64_t> output_of(const std::string& command) {
  std::map<std::string, std::int64_t> values;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return values;
  std::array<char, 128> name{};
  long long value = 0;
  while (std::fscanf(pipe, "%127s %lld", name.data(), &value) == 2) values[name.data()] = value;
  ::pclose(pipe);
  return values;
}

TEST(Constants, AgreeWithTheInstalledHeaders) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the values are those of x86";
#endif
  if (std::system("c++ --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no compiler c++";
  const auto rows = rows_of_data_file();
  ASSERT_EQ(rows.size(), all_constants().size());
  const Folder folder;
  ASSERT_FALSE(folder.path().empty());
  std::size_t compared = 0;
  for (const bool kernel : {false, true}) {
    const std::string source = (folder.path() / "values.cpp").string();
    const std::string program = (folder.path() / "values").string();
    std::ofstream(source) << program_for(rows, kernel);
    ASSERT_EQ(std::system(("c++ -w -O0 -o " + program + ' ' + source).c_str()), 0);
    for (const auto& [name, value] : output_of(program)) {
      const auto ours = constant_value(name);
      ASSERT_TRUE(ours) << name;
      // Some are declared int, with the top bit set.
      const bool same = ours == value || (*ours >= 0 && *ours == static_cast<std::uint32_t>(value));
      EXPECT_TRUE(same) << name << ": data file " << *ours << ", header " << value;
      ++compared;
    }
  }
  EXPECT_GE(compared, rows.size() - 40) << "the headers lack too many names";
  RecordProperty("compared", static_cast<int>(compared));
}

}  // namespace
}  // namespace assay::names
