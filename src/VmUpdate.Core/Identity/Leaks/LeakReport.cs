using System.Globalization;
using System.Text;

namespace VmUpdate.Core.Identity.Leaks;

/// <summary>
/// A scan's result as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. Written for those who decide,
/// with the places for those who repair.
/// </summary>
public static class LeakReport
{
    private const int ShownDisks = 12;
    private const int ShownPlaces = 3;

    /// <summary>Makes the page.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="subject">What was looked at, for the heading: a pool, a folder, a file.</param>
    /// <param name="utc">When, in UTC.</param>
    /// <returns>The page; write it as UTF-8.</returns>
    public static string Create(AuditResult result, string subject, DateTime utc)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Identity report: ")
            .Append(ReportText.Escape(subject)).Append("</title>\n<style>").Append(ReportStyle.Css).Append("</style>\n</head>\n<body>\n<main>\n");
        AddHead(page, result, subject, utc);
        AddSummary(page, result);
        foreach (Severity severity in new[] { Severity.Error, Severity.Warning, Severity.Information })
        {
            AddFindings(page, severity, [.. result.Findings.Where(finding => finding.Severity == severity)]);
        }

        AddDisks(page, result.Disks);
        AddNotes(page);
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void AddHead(StringBuilder page, AuditResult result, string subject, DateTime utc)
    {
        int read = result.Disks.Count(disk => disk.Failure is null);
        page.Append("<header>\n<p class=\"kicker\">Identity report</p>\n<h1>").Append(ReportText.Escape(subject)).Append("</h1>\n<p class=\"when\">")
            .Append(ReportText.Count(read, "disk")).Append(" looked at, read-only, on ")
            .Append(utc.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)).Append(" UTC</p>\n</header>\n");
    }

    private static void AddSummary(StringBuilder page, AuditResult result)
    {
        page.Append("<section class=\"tiles\">\n");
        AddTile(page, "error", result.Findings.Count(finding => finding.Severity == Severity.Error), "to act on now", "Secrets given away, or machines that stand in for each other.");
        AddTile(page, "warning", result.Findings.Count(finding => finding.Severity == Severity.Warning), "to plan for", "Something will work wrongly, or be counted wrongly.");
        AddTile(page, "information", result.Findings.Count(finding => finding.Severity == Severity.Information), "good to know", "Nothing breaks by it alone.");
        page.Append("</section>\n");
        if (result.Findings.Count == 0)
        {
            page.Append("<p class=\"good\">Nothing was found that leaks or is shared.</p>\n");
            return;
        }

        AddLead(page, result.Findings);
        page.Append("<section>\n<h2>At a glance</h2>\n<table class=\"glance\">\n<thead><tr><th>Severity</th><th>What</th><th>Where</th></tr></thead>\n<tbody>\n");
        foreach (var same in result.Findings.GroupBy(finding => (finding.Severity, finding.Title)))
        {
            page.Append("<tr><td>").Append(Badge(same.Key.Severity)).Append("</td><td>").Append(ReportText.Escape(same.Key.Title))
                .Append("</td><td>").Append(string.Join("<br/>", same.Take(ShownPlaces).Select(Where)));
            if (same.Count() > ShownPlaces)
            {
                page.Append("<br/>and ").Append((same.Count() - ShownPlaces).ToString(CultureInfo.InvariantCulture)).Append(" more");
            }

            page.Append("</td></tr>\n");
        }

        page.Append("</tbody>\n</table>\n</section>\n");
    }

    private static void AddLead(StringBuilder page, IReadOnlyList<LeakFinding> findings)
    {
        List<LeakFinding> leaks = findings.Where(finding => finding.Kind == LeakKind.Leak).ToList();
        int masters = leaks.SelectMany(finding => finding.Disks).Distinct().Count();
        int doubles = findings.Count - leaks.Count;
        int machines = findings.Where(finding => finding.Kind == LeakKind.Duplicate).SelectMany(finding => finding.Disks).Distinct().Count();
        string leaked = leaks.Count == 0
            ? string.Empty
            : $"{ReportText.Count(masters, "master image")} would hand {ReportText.Count(leaks.Count, "thing")} on to every machine made from {(masters == 1 ? "it" : "them")}. ";
        string shared = doubles == 0
            ? string.Empty
            : $"{ReportText.Count(machines, "machine")} share {ReportText.Count(doubles, "identity", "identities")} that only one machine may have.";
        page.Append("<p class=\"lead\">").Append(leaked).Append(shared).Append("</p>\n");
    }

    private static void AddTile(StringBuilder page, string kind, int count, string label, string meaning) =>
        page.Append("<div class=\"tile ").Append(count == 0 ? "none" : kind).Append("\"><strong>").Append(count.ToString(CultureInfo.InvariantCulture))
            .Append("</strong><span>").Append(label).Append("</span><small>").Append(meaning).Append("</small></div>\n");

    private static string Badge(Severity severity) =>
        $"<span class=\"badge {severity.ToString().ToLowerInvariant()}\">{severity}</span>";

    private static string Where(LeakFinding finding) => finding.Kind == LeakKind.Leak
        ? "Master " + ReportText.Escape(finding.Disks[0].Name)
        : "Shared by " + ReportText.Count(finding.Disks.Count, "machine");

    private static void AddFindings(StringBuilder page, Severity severity, IReadOnlyList<LeakFinding> findings)
    {
        if (findings.Count == 0)
        {
            return;
        }

        string heading = severity switch
        {
            Severity.Error => "To act on now",
            Severity.Warning => "To plan for",
            _ => "Good to know",
        };
        page.Append("<section>\n<h2>").Append(heading).Append("</h2>\n");
        foreach (LeakFinding finding in findings)
        {
            AddFinding(page, finding);
        }

        page.Append("</section>\n");
    }

    private static void AddFinding(StringBuilder page, LeakFinding finding)
    {
        page.Append("<article class=\"").Append(finding.Severity.ToString().ToLowerInvariant()).Append("\">\n<h3>")
            .Append(ReportText.Escape(finding.Title)).Append("</h3>\n<p class=\"where\">").Append(Where(finding));
        if (finding.Source is { } source)
        {
            page.Append("; they have it from ").Append(ReportText.Escape(source.Name));
        }

        page.Append("</p>\n<dl>\n");
        AddTerm(page, "What breaks", ReportText.Escape(finding.Breaks));
        AddTerm(page, "What to do", ReportText.Escape(finding.Remedy));
        if (finding.Kind == LeakKind.Duplicate)
        {
            AddTerm(page, "Machines", Folded(finding.Disks, ShownDisks, disk => $"<span class=\"chip\">{ReportText.Escape(disk.Name)}</span>"));
        }

        AddTerm(page, "Found", ReportText.Escape(string.Join(", ", finding.Items)));
        if (finding.Value.Length > 0)
        {
            AddTerm(page, "Value", $"<code>{ReportText.Escape(finding.Value)}</code>");
        }

        if (finding.Fingerprint.Length > 0)
        {
            AddTerm(page, "Fingerprint", $"<code>{ReportText.Escape(finding.Fingerprint)}</code>");
        }

        AddTerm(page, "Where", Folded(finding.Places, ShownPlaces, place => $"<code class=\"place\">{ReportText.Escape(place)}</code>"));
        page.Append("</dl>\n</article>\n");
    }

    private static void AddTerm(StringBuilder page, string term, string html) =>
        page.Append("<div><dt>").Append(term).Append("</dt><dd>").Append(html).Append("</dd></div>\n");

    /// <summary>The first few, and the others where one asks for them.</summary>
    private static string Folded<T>(IReadOnlyList<T> all, int shown, Func<T, string> html)
    {
        string first = string.Concat(all.Take(shown).Select(html));
        int more = all.Count - shown;
        return more <= 0
            ? first
            : $"{first}<details><summary>and {more.ToString(CultureInfo.InvariantCulture)} more</summary>{string.Concat(all.Skip(shown).Select(html))}</details>";
    }

    private static void AddDisks(StringBuilder page, IReadOnlyList<AuditedDisk> disks)
    {
        page.Append("<section>\n<h2>Disks</h2>\n<table>\n<thead><tr><th>Disk</th><th>Looked at as</th><th>Calls itself</th><th>Build</th><th>File</th></tr></thead>\n<tbody>\n");
        foreach (AuditedDisk disk in disks.Where(disk => disk.Failure is null))
        {
            string role = disk.IsSuperseded ? "former disk, not compared"
                : disk.Role == DiskRole.Master ? disk.IsGeneralized ? "master, generalized" : "master" : "machine";
            string build = disk.WindowsBuild == 0 ? string.Empty : disk.WindowsBuild.ToString(CultureInfo.InvariantCulture);
            page.Append("<tr><td>").Append(ReportText.Escape(disk.Name)).Append("</td><td>").Append(role).Append("</td><td>")
                .Append(ReportText.Escape(disk.ComputerName)).Append("</td><td>").Append(build).Append("</td><td><code>")
                .Append(ReportText.Escape(disk.Path)).Append("</code></td></tr>\n");
        }

        page.Append("</tbody>\n</table>\n");
        List<AuditedDisk> failed = disks.Where(disk => disk.Failure is not null).ToList();
        if (failed.Count > 0)
        {
            page.Append("<h2>Not looked at</h2>\n<p>What is on these is not known.</p>\n<table>\n<thead><tr><th>Disk</th><th>Why</th></tr></thead>\n<tbody>\n");
            foreach (AuditedDisk disk in failed)
            {
                page.Append("<tr><td>").Append(ReportText.Escape(disk.Name)).Append("</td><td>").Append(ReportText.Escape(disk.Failure!.Message)).Append("</td></tr>\n");
            }

            page.Append("</tbody>\n</table>\n");
        }

        page.Append("</section>\n");
    }

    private static void AddNotes(StringBuilder page) => page.Append(
        "<footer>\n<h2>How to read this</h2>\n"
        + "<p>A <b>master</b> is a disk that machines are made from: whatever is left on it of the machine it was built on, each of them takes along. "
        + "A <b>shared</b> identity is one that only one machine may have. That a machine has what its own master has is not counted; that two machines have it is.</p>\n"
        + "<p>No password and no key is in this report. A fingerprint stands for them: it is equal where the thing is equal, within this report only for secrets. "
        + "Places that were not looked into: users' registry hives, other volumes, archives, and files that people keep passwords in under names of their own.</p>\n</footer>\n");
}
