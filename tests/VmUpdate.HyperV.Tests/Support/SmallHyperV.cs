using VmUpdate.HyperV.Cim;
using VmUpdate.HyperV.Sessions;
using VmUpdate.Simulation.Machines;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>
/// A small Hyper-V: it keeps machines, jobs and settings, and does what it is asked by calls, in made-up time. What the schema says is not
/// its business: see <see cref="SchemaCheckedClient"/>.
/// </summary>
internal sealed partial class SmallHyperV
{
    internal const string V2 = @"root\virtualization\v2";

    /// <summary>A job that failed with these words says them in its summary only.</summary>
    internal const string SummaryOnly = "(summary)";

    private const string HostName = "HV01";

    private readonly object _lock = new();
    private readonly List<(TimeSpan At, Action Work)> _later = [];
    private readonly Dictionary<string, SmallJob> _jobs = new(StringComparer.OrdinalIgnoreCase);
    private int _lastJob;

    internal ManualClock Clock { get; } = new();

    internal List<SmallVm> Vms { get; } = [];

    /// <summary>How long jobs take; without a time most calls are done when they return.</summary>
    internal TimeSpan JobTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The next job ends so: its state, code and words.</summary>
    internal (ushort State, ushort Code, string Words)? NextJob { get; set; }

    /// <summary>Called before each call with "class.method", or "query class", "get class", "associators class"; it may throw.</summary>
    internal Action<string> OnCall { get; set; } = _ => { };

    /// <summary>Jobs are forgotten as soon as they ended.</summary>
    internal bool ForgetsJobs { get; set; }

    /// <summary>Whether the account may see Hyper-V's objects.</summary>
    internal bool ShowsNothing { get; set; }

    /// <summary>Another disk on a drive makes the firmware try it last.</summary>
    internal bool ReordersBootSources { get; set; } = true;

    internal string BoardId { get; set; } = "4C4C4544-0042-3510-8051-B4C04F4A3732";

    /// <summary>The state of this host as a node of a cluster; nothing where there is no cluster.</summary>
    internal uint? NodeState { get; set; }

    /// <summary>The state of the service of an RD Virtualization Host; nothing where the host is none.</summary>
    internal string? ServiceState { get; set; }

    /// <summary>What Remote Desktop Services list.</summary>
    internal Task<IReadOnlyList<TerminalSession>?> Sessions { get; set; } = Task.FromResult<IReadOnlyList<TerminalSession>?>(null);

    /// <summary>Has Remote Desktop Services run here and list sessions.</summary>
    internal void List(params TerminalSession[] sessions)
    {
        ServiceState = "Running";
        Sessions = Task.FromResult<IReadOnlyList<TerminalSession>?>(sessions);
    }

    internal byte ProcessorPercent { get; set; } = 17;

    internal SmallVm Add(SmallVm vm)
    {
        vm.BootSources = [.. vm.BootSources, .. vm.Disks.Where(disk => vm.IsGeneration2 && !disk.IsIde).Select(disk => BootSourcePath(vm, disk))];
        Vms.Add(vm);
        return vm;
    }

    /// <summary>A connection to it.</summary>
    internal ICimClient Connect(string computerName = "") => new Connection(this, computerName);

    /// <summary>Something that happens by itself after a time.</summary>
    internal void Later(TimeSpan time, Action work)
    {
        lock (_lock)
        {
            _later.Add((Clock.Monotonic + time, work));
        }
    }

    private static CimFailureException Absent(CimPath path) => new(CimStatus.NotFound, "HRESULT 0x80041002", $"Not found: {path}");

    private T Do<T>(string call, Func<T> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        OnCall(call);
        lock (_lock)
        {
            foreach ((TimeSpan At, Action Work) due in _later.Where(later => later.At <= Clock.Monotonic).OrderBy(later => later.At).ToList())
            {
                _later.Remove(due);
                due.Work();
            }

            return work();
        }
    }

    private sealed class Connection(SmallHyperV hyperV, string computerName) : ICimClient
    {
        public string ComputerName => computerName;

        public Task<IReadOnlyList<CimRecord>> QueryAsync(CimQuery query, CancellationToken cancellation) => Task.FromResult(hyperV.Do<IReadOnlyList<CimRecord>>(
            $"query {query.ClassName}",
            () => hyperV.InstancesOf(query.ClassName).Where(record => query.Property is null || IsSame(record, query.Property, query.Value)).ToList(),
            cancellation));

        public Task<CimRecord> GetAsync(CimPath path, CancellationToken cancellation) => Task.FromResult(hyperV.Do(
            $"get {path.ClassName}",
            () => hyperV.InstancesOf(path.ClassName).FirstOrDefault(record => path.Keys.All(key => IsSame(record, key.Key, (string)key.Value)))
                ?? throw Absent(path),
            cancellation));

        public Task<IReadOnlyList<CimRecord>> AssociatorsAsync(CimPath source, CimAssociation association, CancellationToken cancellation) => Task.FromResult(
            hyperV.Do<IReadOnlyList<CimRecord>>(
                $"associators {association.ResultClass}", () => hyperV.Associated(source, association).ToList(), cancellation));

        public Task<CimMethodResult> InvokeAsync(
            CimPath target, string method, IReadOnlyDictionary<string, object> arguments, CancellationToken cancellation) =>
            Task.FromResult(hyperV.Do($"{target.ClassName}.{method}", () => hyperV.Invoke(target, method, arguments), cancellation));

        public void Dispose()
        {
        }

        private static bool IsSame(CimRecord record, string property, string value) =>
            property.Split('.', 2) is [var outer, var inner]
                ? record.Properties.TryGetValue(outer, out object? found) && found is CimRecord inside && IsSame(inside, inner, value)
                : string.Equals(record.Properties[property] as string, value, StringComparison.OrdinalIgnoreCase);
    }
}
