using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Text;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets about update tasks.</summary>
public abstract partial class TaskCmdlet : HostCmdlet
{
    /// <summary>The tasks of a name; for a pattern those that it fits, which may be none.</summary>
    /// <param name="name">The name or pattern.</param>
    /// <returns>The tasks, in the order of registration.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.NotFound"/>.</exception>
    private protected IEnumerable<TaskRecord> Find(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            return [Connection.Tasks.Get(name)];
        }

        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
        return Connection.Store.GetTasks(Connection.Host.HostId).Where(record => pattern.IsMatch(record.Task.Name));
    }

    /// <summary>The task of a name where something is done to it: a pattern is refused.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The task; <see langword="null"/> when the error was written.</returns>
    private protected TaskRecord? FindToAct(string name)
    {
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            WriteError(CommandErrors.WildcardsNotAllowed(name, "Use -All where that is meant, or pipe in what Get-VmUpdateTask"));
            return null;
        }

        TaskRecord? found = null;
        ForEachTarget(name, () => found = Connection.Tasks.Get(name));
        return found;
    }

    /// <summary>Writes a task.</summary>
    /// <param name="record">The task.</param>
    /// <param name="isDetailed">Whether its payload is shown, too.</param>
    private protected void Write(TaskRecord record, bool isDetailed = false) =>
        WriteObject(new VmUpdateTask(record, HostName, isDetailed ? Show(Connection.Store.GetPayload(record.Task)) : string.Empty));

    /// <summary>The machines of these names and ids; one that there is not is an error, and the others go on.</summary>
    /// <param name="names">The names.</param>
    /// <param name="ids">The ids; where there are any, the names are not looked at.</param>
    /// <returns>The machines.</returns>
    private protected IEnumerable<VirtualMachine> FindMachines(IReadOnlyList<string> names, IReadOnlyList<Guid> ids)
    {
        var found = new List<VirtualMachine>();
        IEnumerable<VmSelection> selections = ids.Count > 0 ? ids.Select(id => VmSelection.ById(id)) : Exact(names).Select(name => VmSelection.ByName(name));
        foreach (VmSelection selection in selections)
        {
            object target = selection.Ids.Count > 0 ? selection.Ids[0] : selection.Names[0];
            ForEachTarget(target, () => found.AddRange(GetMachines(selection).Select(machine => machine.Machine)));
        }

        return found;
    }

    /// <summary>A script file as a payload.</summary>
    /// <param name="path">The file's full path.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="DiskFormats.HostFileException">The file cannot be read.</exception>
    /// <exception cref="TaskException"><see cref="TaskDefect.PayloadTooLong"/>.</exception>
    private protected static TaskPayload ReadScript(string path)
    {
        using IBlockFile file = HostSession.Files.OpenFolder(Path.GetDirectoryName(path)!).Open(Path.GetFileName(path), HostFileMode.Read);

        // One byte more than allowed is enough to be refused.
        byte[] content = new byte[Math.Min(file.Length, TaskPayload.MaxLength + 1)];
        file.ReadAt(0, content);
        return TaskPayload.FromScript(Path.GetFileName(path), content);
    }

    /// <summary>Who gives the order: account and computer; of a remote prompt, its user.</summary>
    private protected string Who()
    {
        string account = GetVariableValue("PSSenderInfo") is PSSenderInfo sender ? sender.UserInfo.Identity.Name : Environment.UserName;
        return $"{account} on {Environment.MachineName}";
    }

    private IEnumerable<string> Exact(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(CommandErrors.WildcardsNotAllowed(name));
            }
            else
            {
                yield return name;
            }
        }
    }

    private static string Show(TaskPayload payload) => payload.Info.Kind == PayloadKind.Context
        ? Convert.ToBase64String(payload.Bytes.ToArray())
        : Encoding.UTF8.GetString(payload.Bytes.ToArray());
}
