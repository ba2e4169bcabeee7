using System.Management.Automation;
using System.Text.RegularExpressions;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.Core.Versions;
using VmUpdate.DiskFormats;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.Tidy.Tests;

/// <summary>The error ids are what scripts rely on: each has a category and an explanation, and none is two things.</summary>
public sealed partial class ErrorTests
{
    private static readonly (string Id, ErrorCategory Category)[] All =
    [
        .. Enum.GetValues<DiskFormatDefect>().Select(cause => (new DiskFormatException(cause, "x", 0, "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<HostFileFailure>().Select(cause => (new HostFileException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<IdentityFailure>().Select(cause => (new IdentityException(cause, "x", "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<SwapFailure>().Select(cause => (new SwapException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<HypervisorFailure>().Select(cause => (new HypervisorException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<StoreFailure>().Select(cause => (new StoreException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<GuestFailure>().Select(cause => (new GuestException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<VersionFailure>().Select(cause => (new VersionException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
        .. Enum.GetValues<TaskDefect>().Select(cause => (new TaskException(cause, "x", "x").Code, ErrorTable.CategoryOf(cause))),
    ];

    [Fact]
    public void Every_failure_has_a_category() =>
        Assert.Empty(All.Where(error => error.Category == ErrorCategory.NotSpecified).Select(error => error.Id));

    [Fact]
    public void No_two_failures_share_an_id()
    {
        // A machine of another host is the same mistake, whether the cmdlet or the host notices it.
        IEnumerable<string> ids = All.Select(error => error.Id).Concat(CommandErrors.Ids.Except([nameof(HypervisorFailure.WrongHost)]));
        Assert.Empty(ids.GroupBy(id => id).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Every_exception_of_the_libraries_is_in_the_table()
    {
        IEnumerable<Type> exceptions = new[] { typeof(DiskFormatException).Assembly, typeof(SwapException).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.IsSubclassOf(typeof(VmUpdateException)));
        Type[] known =
        [
            typeof(DiskFormatException), typeof(HostFileException), typeof(IdentityException), typeof(SwapException),
            typeof(HypervisorException), typeof(StoreException), typeof(TaskException), typeof(GuestException), typeof(VersionException),
        ];
        Assert.Equal(known.OrderBy(type => type.Name), exceptions.OrderBy(type => type.Name));
    }

    [Fact]
    public void The_about_topic_explains_exactly_the_ids_there_are()
    {
        string text = Repository.Read("PSModule/en-US/about_VmUpdate_Errors.help.txt");
        IEnumerable<string> explained = Entry().Matches(text).Select(entry => entry.Groups[1].Value);
        IEnumerable<string> ids = All.Select(error => error.Id).Concat(CommandErrors.Ids).Distinct();
        Assert.Equal(ids.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_help_of_the_cmdlets_names_only_ids_that_there_are()
    {
        IEnumerable<string> ids = All.Select(error => error.Id).Concat(CommandErrors.Ids);
        foreach (string path in Repository.Sources("src/VmUpdate.PowerShell/Commands/"))
        {
            Assert.All(NamedInHelp().Matches(Repository.Read(path)), named => Assert.Contains(named.Groups[1].Value, ids));
        }
    }

    /// <summary>The ids alone on a line, indented by four.</summary>
    [GeneratedRegex(@"^    ([A-Z][A-Za-z]+)$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("<error id=\"(\\w+)\">")]
    private static partial Regex NamedInHelp();
}
