using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace VmUpdate.Shell;

/// <summary>The engine's view of this program.</summary>
internal sealed class ShellHost : PSHost, IDisposable
{
    private readonly ShellUserInterface _ui;

    internal ShellHost(bool interactive) => _ui = new ShellUserInterface(interactive);

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override string Name => "VmUpdate.Shell";

    /// <inheritdoc/>
    public override PSHostUserInterface UI => _ui;

    /// <inheritdoc/>
    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version!;

    /// <summary>The everyday command Out-String reaches the capture through here.</summary>
    public override PSObject PrivateData => PSObject.AsPSObject(_ui.Capture);

    /// <summary>What a script passed to <c>exit</c>; null when none did.</summary>
    internal int? ExitCode { get; private set; }

    /// <summary>Whether the user was shown an error since this was last set to <see langword="false"/>.</summary>
    internal bool HasShownError
    {
        get => _ui.HasShownError;
        set => _ui.HasShownError = value;
    }

    /// <inheritdoc/>
    public void Dispose() => _ui.Dispose();

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new PSNotSupportedException("This shell has no nested prompts.");

    /// <inheritdoc/>
    public override void ExitNestedPrompt()
    {
    }

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    internal void EndProgress() => _ui.EndProgress();

    internal void ShowError(ErrorRecord error)
    {
        string place = error.InvocationInfo?.PositionMessage is { Length: > 0 } position ? Environment.NewLine + position : string.Empty;
        _ui.WriteErrorLine(error.Exception.Message + place);
    }
}
