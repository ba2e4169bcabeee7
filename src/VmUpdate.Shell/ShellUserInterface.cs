using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Net;
using System.Security;

namespace VmUpdate.Shell;

/// <summary>
/// Text on standard output; errors, warnings, progress and questions on standard error, so that a redirected report holds objects only.
/// Colours only where a person looks on.
/// </summary>
internal sealed class ShellUserInterface : PSHostUserInterface, IDisposable
{
    private readonly bool _interactive;
    private readonly ProgressLine _progress = new();
    private readonly ShellRawUserInterface _raw = new();
    private readonly bool _hasColours = Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    internal ShellUserInterface(bool interactive) => _interactive = interactive;

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI => _raw;

    /// <inheritdoc/>
    public override bool SupportsVirtualTerminal => _hasColours && !Console.IsOutputRedirected;

    internal OutputCapture Capture { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => _progress.Clear();

    /// <inheritdoc/>
    public override void Write(string value)
    {
        string text = GetOutputString(value, SupportsVirtualTerminal);
        if (!Capture.Take(text))
        {
            _progress.Clear();
            Console.Out.Write(text);
        }
    }

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        Write(SupportsVirtualTerminal && foregroundColor != _raw.ForegroundColor ? Coloured(foregroundColor, value) : value);

    /// <inheritdoc/>
    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    /// <summary>Whether an error was shown since this was last set to <see langword="false"/>.</summary>
    internal bool HasShownError { get; set; }

    /// <inheritdoc/>
    public override void WriteErrorLine(string value)
    {
        HasShownError = true;
        Aside(ConsoleColor.Red, value);
    }

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => Aside(ConsoleColor.Yellow, $"WARNING: {message}");

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => Aside(ConsoleColor.DarkCyan, $"VERBOSE: {message}");

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => Aside(ConsoleColor.DarkGray, $"DEBUG: {message}");

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record) => _progress.Show(record);

    /// <inheritdoc/>
    public override string ReadLine() => _interactive
        ? Console.ReadLine() ?? throw new PipelineStoppedException()
        : throw new PSInvalidOperationException("A question was asked, and nobody is there to answer it.");

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString()
    {
        // The console shows what is typed here; this module asks for no secrets at the prompt.
        return new NetworkCredential(string.Empty, ReadLine()).SecurePassword;
    }

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        Heading(caption, message);
        var answers = new Dictionary<string, PSObject>();
        foreach (FieldDescription field in descriptions)
        {
            Console.Error.Write($"{field.Name}: ");
            answers[field.Name] = PSObject.AsPSObject(ReadLine());
        }

        return answers;
    }

    /// <inheritdoc/>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        Heading(caption, message);
        while (true)
        {
            IEnumerable<string> shown = choices.Select(choice => $"[{KeyOf(choice)}] {choice.Label.Replace("&", string.Empty, StringComparison.Ordinal)}");
            string preset = defaultChoice >= 0 ? $" (default is {KeyOf(choices[defaultChoice])})" : string.Empty;
            Console.Error.Write($"{string.Join("  ", shown)}{preset}: ");
            string answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            for (int index = 0; index < choices.Count; index++)
            {
                string label = choices[index].Label.Replace("&", string.Empty, StringComparison.Ordinal);
                if (string.Equals(answer, KeyOf(choices[index]), StringComparison.OrdinalIgnoreCase)
                    || string.Equals(answer, label, StringComparison.OrdinalIgnoreCase))
                {
                    return index;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw new PSNotSupportedException("This shell does not ask for passwords.");

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) => PromptForCredential(caption, message, userName, targetName);

    internal void EndProgress() => _progress.Clear();

    private static string KeyOf(ChoiceDescription choice)
    {
        int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        return mark >= 0 && mark + 1 < choice.Label.Length ? char.ToUpperInvariant(choice.Label[mark + 1]).ToString() : choice.Label;
    }

    private static string Coloured(ConsoleColor colour, string text) => $"\e[{AnsiCode(colour).ToString(CultureInfo.InvariantCulture)}m{text}\e[0m";

    // The terminals' order of colours differs from the console's: red and blue change places.
    private static int AnsiCode(ConsoleColor colour)
    {
        int number = (int)colour;
        int swapped = ((number & 1) << 2) | (number & 2) | ((number & 4) >> 2);
        return number < 8 ? 30 + swapped : 90 + swapped;
    }

    private void Heading(string caption, string message)
    {
        foreach (string text in new[] { caption, message }.Where(text => !string.IsNullOrEmpty(text)))
        {
            Aside(null, text);
        }
    }

    private void Aside(ConsoleColor? colour, string text)
    {
        _progress.Clear();
        string plain = GetOutputString(text, supportsVirtualTerminal: false);
        Console.Error.WriteLine(colour is { } chosen && _hasColours && !Console.IsErrorRedirected ? Coloured(chosen, plain) : plain);
    }
}
