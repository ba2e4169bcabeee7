using System.Management.Automation;
using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <content>The run itself: who is asked, what is shown meanwhile, and what is written for each machine.</content>
public abstract partial class SwapCmdlet
{
    private const int RunActivity = 1;
    private const int FirstMachineActivity = 100;

    private readonly Dictionary<VmKey, int> _activities = [];

    private protected delegate Task<IReadOnlyList<PooledVmUpdateResult>> Work(
        VmSelection selection, IProgress<SwapProgress> progress, CancellationToken stop);

    /// <summary>Asks for each machine, and does the work for those that were agreed to, as one run.</summary>
    /// <param name="selection">The machines.</param>
    /// <param name="activity">What the progress bar says is going on.</param>
    /// <param name="action">What is done to a machine, for the question.</param>
    /// <param name="force">Whether nobody is asked.</param>
    /// <param name="work">The work.</param>
    private protected void Run(VmSelection selection, string activity, string action, bool force, Work work)
    {
        VmSelection agreed = Agree(selection, action, force, out bool any);
        if (!any)
        {
            return;
        }

        // Results are written as they come, so that an interrupted run has reported what it did; those nobody announced follow.
        var written = new HashSet<PooledVmUpdateResult>(ReferenceComparer<PooledVmUpdateResult>.Instance);
        IReadOnlyList<PooledVmUpdateResult> results;
        try
        {
            results = Await((pump, stop) => work(
                agreed,
                new PostedProgress<SwapProgress>(news => pump.Post(() => Show(news, activity, written))),
                stop));
        }
        finally
        {
            CloseProgress(activity);
        }

        foreach (PooledVmUpdateResult result in results)
        {
            Write(result, written);
        }
    }

    private VmSelection Agree(VmSelection selection, string action, bool force, out bool any)
    {
        IReadOnlyList<MachineInfo> machines = GetMachines(VmSelection.All);
        if (selection.Names.Count > 0)
        {
            string[] names = [.. selection.Names.Where(name => Agreed(name, action, force))];
            any = names.Length > 0;
            return VmSelection.ByName(names);
        }

        Guid[] asked = selection.Pool is { } pool
            ? [.. machines.Where(machine => machine.Role == MachineRole.Pooled && IsPool(machine.Pool, pool)).Select(machine => machine.Machine.Key.VmId)]
            : [.. selection.Ids];
        Dictionary<Guid, string> byId = machines.ToDictionary(machine => machine.Machine.Key.VmId, machine => machine.Machine.Name);
        Guid[] ids = [.. asked.Where(id => Agreed(byId.TryGetValue(id, out string? name) ? name : id.ToString(), action, force))];
        any = ids.Length > 0 || (asked.Length == 0 && !IsWhatIf);

        // The pool as a whole when nobody was left out: then its own failures (there is no such pool) are told, too.
        return ids.Length == asked.Length && selection.Pool is not null ? selection : VmSelection.ById(ids);
    }

    private static bool IsPool(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private bool Agreed(string name, string action, bool force) => Confirmed(
        $"{action} of virtual machine '{name}'.", $"{action} of virtual machine '{name}'?", force);

    private void Show(SwapProgress news, string activity, HashSet<PooledVmUpdateResult> written)
    {
        if (!_activities.TryGetValue(news.Vm, out int id))
        {
            id = FirstMachineActivity + _activities.Count;
            _activities.Add(news.Vm, id);
        }

        var record = new ProgressRecord(id, news.VmName, news.State?.ToString() ?? "Done") { ParentActivityId = RunActivity };
        if (news.State is { } state)
        {
            record.PercentComplete = Math.Min((int)state * 100 / (int)SwapState.Committed, 100);
            WriteVerbose($"{news.VmName}: {state}.");
        }
        else
        {
            record.RecordType = ProgressRecordType.Completed;
        }

        WriteProgress(new ProgressRecord(RunActivity, activity, $"{news.Done} of {news.Total} done; {news.VmName}: {record.StatusDescription}")
        {
            PercentComplete = news.Total == 0 ? 0 : news.Done * 100 / news.Total,
        });
        WriteProgress(record);
        if (news.Result is { } result)
        {
            Write(result, written);
        }
    }

    private void CloseProgress(string activity)
    {
        if (!StopToken.IsCancellationRequested && _activities.Count > 0)
        {
            WriteProgress(new ProgressRecord(RunActivity, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    private void Write(PooledVmUpdateResult result, HashSet<PooledVmUpdateResult> written)
    {
        if (!written.Add(result))
        {
            return;
        }

        WriteObject(new PooledVmImageUpdate(result, HostName));
        foreach (string warning in result.Warnings)
        {
            WriteWarning($"{result.VMName}: {warning}");
        }

        if (result.Exception is { } failure)
        {
            WriteError(ErrorTable.Record(failure, result.VMName));
        }
    }
}
