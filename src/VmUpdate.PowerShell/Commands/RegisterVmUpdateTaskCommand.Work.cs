using System.Management.Automation;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.PowerShell.Errors;

namespace VmUpdate.PowerShell.Commands;

/// <content>What comes in is gathered, checked, registered, and written when it is on the disk.</content>
public sealed partial class RegisterVmUpdateTaskCommand
{
    private readonly Dictionary<Guid, (string Name, int Runs)> _waiting = [];
    private readonly List<TaskTargets> _gathered = [];
    private HashSet<string> _typed = [];
    private bool _isOneTask;
    private (UpdateTask Task, TaskPayload Payload)? _one;
    private Dictionary<string, object?> _oneForThere = [];
    private TaskRegistrar? _registrar;
    private TaskSurroundings? _surroundings;

    /// <inheritdoc/>
    private protected override void Begin()
    {
        _typed = [.. MyInvocation.BoundParameters.Keys];

        // A script block for the name is called for each object: it has said nothing yet.
        _isOneTask = Name.Length > 0;
        base.Begin();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsOfAnotherHost(VMName.FirstOrDefault() ?? Name, ComputerName))
        {
            return;
        }

        ForEachTarget(Name, () =>
        {
            if (ReadTargets() is not { } targets)
            {
                return;
            }

            if (!_isOneTask)
            {
                Submit(Make(), targets, ForThere());
                return;
            }

            if (_gathered.Count == 0)
            {
                _one = Make();
                _oneForThere = ForThere();
            }

            _gathered.Add(targets);
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_gathered.Count > 0 && _one is { } one)
        {
            ForEachTarget(one.Task.Name, () => Submit(one, Union(_gathered), _oneForThere));
        }

        if (_registrar is { } registrar)
        {
            Commit(null, registrar.Complete);
            Connection.Tasks.WakeBroker();
        }
    }

    private static TaskTargets Union(IReadOnlyList<TaskTargets> targets) => new()
    {
        Names = [.. targets.SelectMany(t => t.Names).Distinct(StringComparer.OrdinalIgnoreCase)],
        Patterns = [.. targets.SelectMany(t => t.Patterns).Distinct(StringComparer.OrdinalIgnoreCase)],
        Ids = [.. targets.SelectMany(t => t.Ids).Distinct()],
        Pools = [.. targets.SelectMany(t => t.Pools).Distinct(StringComparer.OrdinalIgnoreCase)],
        Kinds = targets.Aggregate(TargetKinds.None, (kinds, t) => kinds | t.Kinds),
    };

    /// <summary>The machines that were named; of an object that is piped in, what tells most.</summary>
    private TaskTargets? ReadTargets()
    {
        bool hasPipedId = VMId.Any(id => id != Guid.Empty) && !_typed.Contains(nameof(VMId));
        bool hasPipedName = VMName.Length > 0 && !_typed.Contains(nameof(VMName));
        string[] names = hasPipedId && hasPipedName ? [] : VMName;
        string[] pools = (hasPipedId || hasPipedName) && !_typed.Contains(nameof(Pool)) ? [] : [.. Pool.Where(pool => pool.Length > 0)];
        if (Array.Find(names, name => name.IndexOf('*') >= 0 && name.Trim('*', '?').Length == 0) is { } all)
        {
            WriteError(CommandErrors.PatternMeansAll(all));
            return null;
        }

        return new TaskTargets
        {
            Names = [.. names.Where(name => name.Length > 0 && !IsPattern(name))],
            Patterns = [.. names.Where(name => name.Length == 0 || IsPattern(name))],
            Ids = [.. VMId.Where(id => id != Guid.Empty)],
            Pools = pools,
            Kinds = TargetKind | (All ? TargetKinds.All : TargetKinds.None),
        };

        static bool IsPattern(string name) => name.IndexOfAny(['*', '?']) >= 0;
    }

    private (UpdateTask Task, TaskPayload Payload) Make()
    {
        TaskPayload payload = ReadPayload();
        KindDefaults defaults = KindDefaults.Of(Kind);
        var task = new UpdateTask
        {
            Id = SystemIdSource.Instance.NewGuid(),
            Name = Name,
            Kind = Kind,
            Instructor = Instructor,
            Payload = payload.Info,
            Targets = new TaskTargets(),
            Timeouts = PhaseTimeouts.Of(Kind),
            MaxRestarts = defaults.MaxRestarts,
            Registered = SystemClock.Instance.UtcNow,
            RegisteredBy = Who(),
        };
        return (Apply(task), payload);
    }

    private TaskPayload ReadPayload() => ParameterSetName switch
    {
        ByCommand => TaskPayload.FromCommand(Command),
        ByContext => TaskPayload.FromContext(Context),
        ByScript => TaskPayload.FromScript(ScriptName, ScriptContent),
        _ => ReadScript(ResolvePath(ScriptPath)),
    };

    private void Submit((UpdateTask Task, TaskPayload Payload) made, TaskTargets targets, Dictionary<string, object?> there)
    {
        UpdateTask task = made.Task with { Targets = targets };
        if (WorksThere())
        {
            Send(task, made.Payload, there);
            return;
        }

        _surroundings ??= Await(stop => Connection.Tasks.LookAsync(stop));
        (IReadOnlyList<TargetMachine> machines, IReadOnlyList<TaskFinding> warnings) = Connection.Tasks.Require(task, _surroundings);
        foreach (TaskFinding warning in warnings)
        {
            WriteWarning($"{task.Name}: {warning.Message}");
        }

        string what = machines.Count == 1 ? $"machine '{machines[0].Name}'" : $"{machines.Count} machines";
        if (ShouldProcess($"task '{task.Name}' ({task.Kind}) for {what}", Force ? "Register, in the place of one of that name" : "Register"))
        {
            _registrar ??= Connection.Tasks.OpenRegistrar();
            _waiting.Add(task.Id, (task.Name, machines.Count));
            Commit(task.Id, () => _registrar.Add(task, made.Payload, machines, Force));
            if (task.IsUrgent)
            {
                Connection.Tasks.WakeBroker();
            }
        }
    }

    /// <summary>Writes the tasks that are on the disk now; an error for each that is not when a commit failed.</summary>
    private void Commit(Guid? added, Func<IReadOnlyList<UpdateTask>> work)
    {
        IReadOnlyList<UpdateTask> registered = [];
        try
        {
            registered = work();
        }
        catch (VmUpdateException failure)
        {
            // A task that cannot be taken in leaves the others waiting; a commit that failed leaves none.
            Guid[] lost = added is { } id && _registrar!.WaitingCount > 0 ? [id] : [.. _waiting.Keys];
            foreach (Guid task in lost)
            {
                WriteError(ErrorTable.Record(failure, _waiting[task].Name));
                _waiting.Remove(task);
            }
        }

        foreach (UpdateTask task in registered)
        {
            int runs = _waiting[task.Id].Runs;
            _waiting.Remove(task.Id);
            if (PassThru)
            {
                Write(new TaskRecord(task, IsSuspended: false, IsHeldByFailures: false, runs, EndedRuns: 0, FailedRuns: 0));
            }
        }
    }

    /// <summary>What was said, for the same cmdlet on another computer; payload and machines are added when they are known.</summary>
    private Dictionary<string, object?> ForThere()
    {
        string[] notThere =
        [
            nameof(ComputerName), nameof(Session), nameof(Credential), nameof(ConfigurationName), nameof(ScriptPath), nameof(VMName), nameof(VMId),
            nameof(Pool), nameof(TargetKind), nameof(All), "Confirm", .. CommonParameters,
        ];
        return MyInvocation.BoundParameters.Where(bound => !notThere.Contains(bound.Key)).ToDictionary(
            bound => bound.Key, bound => bound.Value is SwitchParameter given ? given.IsPresent : bound.Value is PSObject wrapped ? wrapped.BaseObject : (object?)bound.Value);
    }

    private void Send(UpdateTask task, TaskPayload payload, Dictionary<string, object?> there)
    {
        if (payload.Info.Kind == PayloadKind.Script)
        {
            there[nameof(ScriptName)] = payload.Info.FileName;
            there[nameof(ScriptContent)] = payload.Bytes.ToArray();
        }

        Add(nameof(VMName), [.. task.Targets.Names, .. task.Targets.Patterns]);
        Add(nameof(VMId), [.. task.Targets.Ids]);
        Add(nameof(Pool), [.. task.Targets.Pools]);
        if (task.Targets.Kinds != TargetKinds.None)
        {
            there[nameof(TargetKind)] = task.Targets.Kinds;
        }

        if (ShouldProcess($"task '{task.Name}' ({task.Kind}) on other computers", "Register"))
        {
            IsDoneThere(there);
        }

        void Add<T>(string name, T[] values)
        {
            if (values.Length > 0)
            {
                there[name] = values;
            }
        }
    }
}
