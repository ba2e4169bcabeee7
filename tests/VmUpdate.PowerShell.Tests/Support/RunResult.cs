using System.Management.Automation;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>All that one script gave.</summary>
internal sealed record RunResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<ProgressRecord> Progress,
    bool WasStopped)
{
    internal PSObject Single => Assert.Single(Output);

    /// <summary>The ids of the errors, without the class that wrote them.</summary>
    internal IEnumerable<string> ErrorIds => Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]);

    /// <summary>One property of all objects, as text.</summary>
    internal IEnumerable<string> All(string property) => Output.Select(item => $"{item.Properties[property]?.Value}");

    /// <summary>That a bar showed each of these, and was taken away.</summary>
    internal void AssertProgress(string activity, params string[] statuses)
    {
        List<ProgressRecord> shown = [.. Progress.Where(record => record.Activity == activity)];
        Assert.Equal(ProgressRecordType.Completed, shown[^1].RecordType);
        Assert.Equal(statuses, shown.SkipLast(1).Select(record => record.StatusDescription));
    }

    /// <summary>That a bar showed how far something was, up to its end, and was taken away.</summary>
    internal void AssertPercents(string activity)
    {
        List<ProgressRecord> shown = [.. Progress.Where(record => record.Activity == activity)];
        Assert.Equal(ProgressRecordType.Completed, shown[^1].RecordType);
        IEnumerable<int> percents = shown.SkipLast(1).Select(record => record.PercentComplete);
        Assert.Equal(percents.Order(), percents);
        Assert.Equal((0, 100), (percents.First(), percents.Last()));
    }
}
