using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the ids of this computer's time zones.</summary>
public sealed class TimeZoneCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = wordToComplete.Trim('\'', '"');
        return TimeZoneInfo.GetSystemTimeZones()
            .Where(zone => zone.Id.IndexOf(word, StringComparison.OrdinalIgnoreCase) >= 0)
            .OrderBy(zone => zone.Id, StringComparer.OrdinalIgnoreCase)
            .Select(zone => new CompletionResult(
                zone.Id.IndexOf(' ') >= 0 ? $"'{CodeGeneration.EscapeSingleQuotedStringContent(zone.Id)}'" : zone.Id,
                zone.Id,
                CompletionResultType.ParameterValue,
                zone.DisplayName));
    }
}
