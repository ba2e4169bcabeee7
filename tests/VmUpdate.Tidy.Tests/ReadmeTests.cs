using System.Text.RegularExpressions;

namespace VmUpdate.Tidy.Tests;

public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_promise_names_a_test_that_there_is()
    {
        string tests = string.Concat(Repository.Sources("tests/").Select(Repository.Read));
        foreach (string readme in Repository.Files.Where(path => path.EndsWith("README.md", StringComparison.Ordinal)))
        {
            foreach (Match named in TestName().Matches(Repository.Read(readme)))
            {
                Assert.True(tests.Contains($" {named.Groups[1].Value}(", StringComparison.Ordinal), $"{readme}: there is no test {named.Groups[1].Value}.");
            }
        }
    }

    [Fact]
    public void Every_link_leads_to_a_file_that_there_is()
    {
        foreach (string readme in Repository.Files.Where(path => path.EndsWith(".md", StringComparison.Ordinal)))
        {
            string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, readme))!;
            foreach (Match link in LocalLink().Matches(Repository.Read(readme)))
            {
                string target = Path.Combine(folder, link.Groups[1].Value);
                Assert.True(File.Exists(target) || Directory.Exists(target), $"{readme}: {link.Groups[1].Value} is not there.");
            }
        }
    }

    [GeneratedRegex(@"`(?:\w+\.)?([A-Z][a-z]*(?:_\w+){3,})`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    private static partial Regex LocalLink();
}
