using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Completes names of the connected host. Where there is none, or it does not answer, nothing is offered.</summary>
public abstract class HostCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3); // somebody is waiting at the Tab key

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        if (CurrentHost.Find() is not { } host)
        {
            return [];
        }

        try
        {
            using HostSession session = HostSession.Open(host);
            var pattern = new WildcardPattern(WildcardPattern.Escape(wordToComplete.Trim('\'', '"')) + "*", WildcardOptions.IgnoreCase);
            return [.. Candidates(session)
                .Where(candidate => pattern.IsMatch(candidate.Text))
                .OrderBy(candidate => candidate.Text, StringComparer.OrdinalIgnoreCase)
                .Select(candidate => new CompletionResult(Quoted(candidate.Text), candidate.Text, CompletionResultType.ParameterValue, candidate.ToolTip))];
        }
        catch (Exception failure) when (failure is VmUpdateException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>What may be offered.</summary>
    /// <param name="session">The connected host.</param>
    /// <returns>The names and what is shown about each.</returns>
    protected abstract IEnumerable<(string Text, string ToolTip)> Candidates(HostSession session);

    /// <summary>Waits for an answer of the host, not for long.</summary>
    /// <param name="work">The question.</param>
    /// <returns>The answer.</returns>
    private protected static T Wait<T>(Func<CancellationToken, Task<T>> work)
    {
        using var limit = new CancellationTokenSource(Patience);
        return Task.Run(() => work(limit.Token), limit.Token).GetAwaiter().GetResult();
    }

    private static string Quoted(string name) =>
        name.All(character => char.IsLetterOrDigit(character) || character is '-' or '_' or '.')
            ? name
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
}
