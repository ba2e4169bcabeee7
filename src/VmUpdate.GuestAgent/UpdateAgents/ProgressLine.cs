using System.Globalization;
using System.Text.Json;
using VmUpdate.GuestAgent.Runs;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>
/// A line of an update agent's output that says how far it is: <c>{"percent":40,"status":"Downloading","text":"..."}</c>, all of it optional,
/// or <c>progress 40 text</c>. Any other line is output.
/// </summary>
/// <param name="Status">Searching, Downloading or Applying; <see langword="null"/> when it does not say.</param>
/// <param name="Percent">From 0 to 100; <see langword="null"/> when it does not say.</param>
/// <param name="Text">A sentence for people.</param>
internal sealed record ProgressLine(RunStatus? Status, int? Percent, string Text)
{
    private const string Word = "progress ";

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <returns>What it says; <see langword="null"/> when it is output.</returns>
    public static ProgressLine? Parse(string line)
    {
        if (line.StartsWith(Word, StringComparison.Ordinal))
        {
            string[] parts = line.Substring(Word.Length).Split([' '], 2);
            return PercentOf(parts[0]) is { } percent ? new ProgressLine(null, percent, parts.Length > 1 ? parts[1] : string.Empty) : null;
        }

        return line.StartsWith("{", StringComparison.Ordinal) ? ParseJson(line) : null;
    }

    private static ProgressLine? ParseJson(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            int? percent = root.TryGetProperty("percent", out JsonElement number) && number.ValueKind == JsonValueKind.Number
                ? PercentOf(number.GetRawText())
                : null;
            RunStatus? status = TextOf(root, "status") switch
            {
                nameof(RunStatus.Searching) => RunStatus.Searching,
                nameof(RunStatus.Downloading) => RunStatus.Downloading,
                nameof(RunStatus.Applying) => RunStatus.Applying,
                _ => null,
            };
            return percent is null && status is null ? null : new ProgressLine(status, percent, TextOf(root, "text"));
        }
        catch (Exception notOurs) when (notOurs is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string TextOf(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : string.Empty;

    private static int? PercentOf(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is >= 0 and <= 100 ? (int)number : null;
}
