using System.Management.Automation;
using Shell = System.Management.Automation.PowerShell;

namespace VmUpdate.PowerShell.Hosts;

/// <summary>PowerShell's own call into a guest, in a runspace of its own. It decides nothing but when there is too much of an answer.</summary>
/// <param name="credential">An account of the guest.</param>
internal sealed class DirectCall(PSCredential credential)
{
    /// <summary>Runs a script in a guest.</summary>
    /// <param name="vm">The machine's id.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments, which are data.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The lines that it writes; something else that it writes is an empty one.</returns>
    /// <exception cref="RuntimeException">The guest is not reached, lets the account not in, or the script failed.</exception>
    internal async Task<IReadOnlyList<string>> RunAsync(Guid vm, string script, object[] arguments, CancellationToken cancellation)
    {
        using Shell shell = Shell.Create();
        shell.AddCommand("Invoke-Command")
            .AddParameter("VMId", vm)
            .AddParameter("Credential", credential)
            .AddParameter("ScriptBlock", ScriptBlock.Create(script))
            .AddParameter("ArgumentList", arguments);
        using var output = new PSDataCollection<PSObject>();
        output.DataAdded += (_, added) =>
        {
            if (added.Index > PowerShellDirect.MostLines)
            {
                shell.BeginStop(null, null);
            }
        };
        using (cancellation.Register(() => shell.BeginStop(null, null)))
        {
            await Task.Factory.FromAsync(shell.BeginInvoke<PSObject, PSObject>(null, output), shell.EndInvoke).ConfigureAwait(false);
        }

        return shell.Streams.Error.Count == 0
            ? output.Select(line => line?.BaseObject as string ?? string.Empty).ToList()
            : throw new RuntimeException(shell.Streams.Error[0].ToString());
    }
}
