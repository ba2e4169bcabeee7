using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace VmUpdate.PowerShell.Completion;

/// <summary>Offers the URIs that libvirt hosts are usually reached by.</summary>
public sealed class LibvirtUriCompleter : IArgumentCompleter
{
    private static readonly (string Uri, string ToolTip)[] Usual =
    [
        ("qemu:///system", "the machines of this computer"),
        ("qemu:///session", "the machines of this user"),
        ("qemu+ssh://root@HOST/system", "the machines of another computer, over SSH"),
        ("test:///default", "libvirt's mock driver, to try things out"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = wordToComplete.Trim('\'', '"');
        return Usual
            .Where(usual => usual.Uri.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(usual => new CompletionResult(usual.Uri, usual.Uri, CompletionResultType.ParameterValue, usual.ToolTip));
    }
}
