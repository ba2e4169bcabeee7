using System.Management.Automation;

namespace VmUpdate.PowerShell.Errors;

/// <summary>The errors of the cmdlets themselves: what was typed cannot be meant, or there is nowhere to work.</summary>
public static class CommandErrors
{
    /// <summary>Their ids.</summary>
    public static IReadOnlyList<string> Ids { get; } =
    [
        nameof(NotConnected), nameof(NoMachineNamed), nameof(NothingNamed), nameof(NothingToChange), nameof(PathNotFileSystem),
        nameof(PatternMeansAll), nameof(WildcardsNotAllowed), nameof(WrongHost), nameof(ProtectionNotNamed),
    ];

    internal static ErrorRecord NotConnected() => new(
        new InvalidOperationException("This session is connected to no host. Run Connect-VmUpdateHost first."),
        nameof(NotConnected),
        ErrorCategory.ConnectionError,
        targetObject: null);

    internal static ErrorRecord NoMachineNamed(string command) => new(
        new ArgumentException($"{command} was not told which virtual machines: name them with -Name or -Id, or a pool with -Pool where there is one."),
        nameof(NoMachineNamed),
        ErrorCategory.InvalidArgument,
        targetObject: null);

    internal static ErrorRecord PathNotFileSystem(string path, Exception? inner) => new(
        new ArgumentException($"'{path}' is no path of a file system of this computer.", inner),
        nameof(PathNotFileSystem),
        ErrorCategory.InvalidArgument,
        path);

    internal static ErrorRecord NothingNamed(string command, string what) => new(
        new ArgumentException($"{command} was not told which {what}."),
        nameof(NothingNamed),
        ErrorCategory.InvalidArgument,
        targetObject: null);

    internal static ErrorRecord NothingToChange(string command) => new(
        new ArgumentException($"{command} was not told what to change."),
        nameof(NothingToChange),
        ErrorCategory.InvalidArgument,
        targetObject: null);

    internal static ErrorRecord PatternMeansAll(string pattern) => new(
        new ArgumentException($"'{pattern}' fits every name. If all personal and pooled machines are meant, say so with -All."),
        nameof(PatternMeansAll),
        ErrorCategory.InvalidArgument,
        pattern);

    internal static ErrorRecord WildcardsNotAllowed(string name, string insteadOf = "Use -Pool, or pipe in what Get-VmUpdateMachine") => new(
        new ArgumentException(
            $"'{name}' would mean what nobody named. {insteadOf} -Name '{name}' puts out."),
        nameof(WildcardsNotAllowed),
        ErrorCategory.InvalidArgument,
        name);

    internal static ErrorRecord ProtectionNotNamed() => new(
        new ArgumentException("Name a certificate (-Certificate) or a passphrase (-Passphrase), and not both: an identity leaves its host sealed only."),
        nameof(ProtectionNotNamed),
        ErrorCategory.InvalidArgument,
        targetObject: null);

    internal static ErrorRecord WrongHost(string name, string host, string connected) => new(
        new InvalidOperationException(
            $"'{name}' is a virtual machine of '{host}', and this session is connected to '{connected}'. Nothing is done to a machine of the same name here."),
        nameof(WrongHost),
        ErrorCategory.InvalidArgument,
        name);
}
