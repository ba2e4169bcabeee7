using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using VmUpdate.Core.Identity;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the ids of the shipped sets of identity that are in use.</summary>
public sealed class SetIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = wordToComplete.Trim('\'', '"');
        return IdentityCatalogue.LoadBuiltIn().Sets
            .Where(set => set.IsEnabled && set.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .OrderBy(set => set.Id, StringComparer.Ordinal)
            .Select(set => new CompletionResult(set.Id, set.Id, CompletionResultType.ParameterValue, set.Title));
    }
}
