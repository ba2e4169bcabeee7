using System.Xml.Linq;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.Simulation.Disks;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

public sealed class LeakReportTests : IDisposable
{
    private const string Evil = "<script>alert('x')</script>\"&\u202Egnp.exe\u0007";
    private readonly LeakDisks _disks = new();

    public void Dispose() => _disks.Dispose();

    [Fact]
    public void What_a_guest_wrote_stays_text()
    {
        string path = _disks.Add("master.vhdx", new WindowsDiskBuilder("PC")
            .Value("SYSTEM", @"ControlSet001\Control\ComputerName\ComputerName", "ComputerName", Evil)
            .Value("SOFTWARE", @"Microsoft\Windows\CurrentVersion\WindowsUpdate", "SusClientId", Evil)
            .File(@"Users\a&b'c\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\x&y_history.txt", "typed"));
        string page = LeakReport.Create(_disks.Audit(path, _disks.PathOf("none.vhdx")), Evil, WindowsDiskBuilder.Now);

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202E', page);
        Assert.DoesNotContain('\a', page);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("a&amp;b&#39;c", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_needs_nothing_from_elsewhere_and_is_well_formed()
    {
        string master = _disks.Add("gold.vhdx", new WindowsDiskBuilder("GOLD").Value("SOFTWARE", @"Microsoft\SQMClient", "MachineId", "1"));
        string[] children = [.. Enumerable.Range(1, 14).Select(i => _disks.AddChild($"PC{i:00}.vhdx", master))];
        string page = LeakReport.Create(_disks.Audit([.. children, _disks.PathOf("none.vhdx")]), "A pool", WindowsDiskBuilder.Now);

        Assert.DoesNotContain("http:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Contains("2 January 2026, 03:04 UTC", page, StringComparison.Ordinal);
        Assert.Contains("and 2 more", page, StringComparison.Ordinal);
        Assert.Contains("Not looked at", page, StringComparison.Ordinal);
        Assert.Contains("PC14", page, StringComparison.Ordinal);
        string body = page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("</html>", StringComparison.Ordinal)];
        Assert.Equal("body", XDocument.Parse(body).Root!.Name.LocalName);
    }

    [Fact]
    public void Where_nothing_is_wrong_it_says_so() => Assert.Contains(
        "Nothing was found that leaks or is shared.",
        LeakReport.Create(_disks.Audit(_disks.Add("clean.vhdx", new WindowsDiskBuilder("CLEAN"))), "clean", WindowsDiskBuilder.Now),
        StringComparison.Ordinal);
}
