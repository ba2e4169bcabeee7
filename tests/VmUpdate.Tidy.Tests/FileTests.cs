using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmUpdate.Tidy.Tests;

public sealed partial class FileTests(ITestOutputHelper output)
{
    private const int LongFile = 400;

    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".ps1", ".psm1", ".psd1", ".ps1xml", ".md", ".txt", ".json", ".sln", ".yml"];

    [Fact]
    public void No_file_names_a_place_on_somebody_s_machine()
    {
        foreach (string path in Repository.Files.Where(IsText))
        {
            Assert.False(MachinePath().IsMatch(Repository.Read(path)), $"{path} names a folder of one machine.");
        }
    }

    [Fact]
    public void No_file_is_unfinished()
    {
        foreach (string path in Repository.Files.Where(path => IsText(path) && !path.EndsWith("FileTests.cs", StringComparison.Ordinal)))
        {
            Assert.False(Unfinished().IsMatch(Repository.Read(path)), $"{path} holds a note that something is to be done.");
        }
    }

    [Fact]
    public void Most_files_are_short()
    {
        List<(string Path, int Lines)> files = [.. Repository.Sources("src/")
            .Select(path => (path, Repository.Read(path).Count(character => character == '\n')))
            .OrderByDescending(file => file.Item2)];
        foreach ((string path, int lines) in files.TakeWhile(file => file.Lines > LongFile))
        {
            output.WriteLine($"{lines} lines: {path}");
        }

        Assert.True(files.Count(file => file.Lines > LongFile) * 10 <= files.Count, "More than one file in ten is longer than 400 lines.");
        Assert.InRange(files[files.Count / 2].Lines, 0, 150);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Repository.Read("VmUpdate.sln").Replace('\\', '/');
        foreach (string project in Repository.Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            Assert.Contains(project, solution, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_project_names_a_version_of_a_package_of_its_own()
    {
        foreach (string project in Repository.Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(
                XDocument.Parse(Repository.Read(project)).Descendants("PackageReference"), reference => reference.Attribute("Version") is not null);
        }
    }

    private static bool IsText(string path) => TextEndings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal));

    [GeneratedRegex(@"(?<![\w.])/(work|home/\w+|Users/\w+)/|[A-Z]:\\Users\\(?!Public|Default)\w+\\(source|repos|git)", RegexOptions.IgnoreCase)]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)(?=[:\s(])")]
    private static partial Regex Unfinished();
}
