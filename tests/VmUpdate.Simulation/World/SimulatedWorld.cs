using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Simulation.World;

/// <summary>
/// A host with machines, guests, users, a clock and faults, all out of a seed, and a broker that works on it. What the broker wrote down
/// survives its death. The same seed and options play the same again.
/// </summary>
internal sealed partial class SimulatedWorld
{
    private static readonly DateTime Begin = new(2026, 3, 28, 20, 0, 0, DateTimeKind.Utc); // the night before clocks change in Europe

    private readonly WorldOptions _options;
    private readonly Random _chance;
    private readonly PriorityQueue<Action, (long Ticks, long Order)> _events = new();
    private readonly List<Observation> _observations = [];
    private readonly Dictionary<VmKey, SimulatedVm> _vms = [];
    private readonly List<SimulatedVm> _vmList = [];
    private readonly Dictionary<Guid, UpdateTask> _tasks = [];
    private readonly Dictionary<Guid, GuestTemper> _tempers = [];
    private TimeSpan _clockOffset;
    private long _order;
    private bool _isCalm;
    private TimeSpan _slept;
    private int _lastSession = 1;

    /// <summary>Makes a world.</summary>
    /// <param name="seed">Where all chance comes from.</param>
    /// <param name="options">What it is made of.</param>
    public SimulatedWorld(int seed, WorldOptions options)
    {
        Seed = seed;
        _options = options;
        _chance = new Random(seed);
        State = new BrokerState(seed);
        for (int i = 0; i < options.Machines.Count; i++)
        {
            AddVm(i, options.Machines[i]);
        }

        _observations.Add(new Observation.LimitsSet(options.Limits));
        Measure();
        for (int i = 0; i < options.Tasks; i++)
        {
            Register(i);
        }
    }

    /// <summary>Where all chance comes from.</summary>
    public int Seed { get; }

    /// <summary>The broker's state.</summary>
    public BrokerState State { get; private set; }

    /// <summary>The world's time since its beginning.</summary>
    public TimeSpan Monotonic { get; private set; }

    /// <summary>The world's time without that which the host slept.</summary>
    private TimeSpan AwakeTime => Monotonic - _slept;

    /// <summary>What the broker is told of the time of day.</summary>
    public DateTime Utc => Begin + Monotonic + _clockOffset;

    /// <summary>How many steps the broker did.</summary>
    public long Steps { get; private set; }

    /// <summary>How many times the broker died.</summary>
    public int Deaths { get; private set; }

    /// <summary>Takes what is told, decided and ordered, in words.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>The machines.</summary>
    public IReadOnlyList<SimulatedVm> Vms => _vmList;

    /// <summary>Lets time pass and steps the broker once.</summary>
    public void Step()
    {
        PassTime();
        if (!_isCalm && _options.Faults > 0)
        {
            Disturb();
        }

        StepBroker();
    }

    /// <summary>Steps so many times.</summary>
    /// <param name="steps">How many times.</param>
    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
        }
    }

    /// <summary>Ends all disturbance and steps until nothing is under way and every run has ended, or only waits for what never comes.</summary>
    /// <param name="mostSteps">After so many steps it is a failure.</param>
    public void Settle(int mostSteps = 100_000)
    {
        _isCalm = true;
        _heldTasks.Clear();
        if (State.IsStopping)
        {
            Die();
        }

        _cpu = 20;
        _othersMemory = 0;
        for (int number = 0; number < _tasks.Count; number++)
        {
            _observations.Add(new Observation.TaskHeld(_tasks.Keys.ElementAt(number), false));
        }

        foreach (SimulatedVm vm in _vmList)
        {
            vm.Guest.Sessions.RemoveAll(s => s.IsActive);
            vm.Guest.IsReachable |= vm.Power == VmPowerState.Running;
        }

        for (int i = 0; i < mostSteps; i++)
        {
            Step();
            if (i % 256 == 255)
            {
                TidyUp();
            }

            if (State.IsQuiet && State.Runs.Count == 0 && _vmList.TrueForAll(vm => vm.ActionsUnderWay == 0) && _observations.Count == 0)
            {
                CheckSettled();
                return;
            }
        }

        string open = string.Join("; ", State.Runs.Values.Take(3).Select(r => $"{r.Data.VmName} {r.State} {State.WhyWaiting(r)} care {r.Vm.Care} power {r.Vm.Power}"));
        Fail($"it does not settle: {State.Runs.Count} runs are open ({open}), {State.Watched.Count} machines are watched");
    }

    /// <summary>What an administrator does about machines that were left awake: stops them.</summary>
    private void TidyUp()
    {
        foreach (TrackedVm left in State.Watched.Where(vm => vm.Care == VmCare.Left).ToList())
        {
            SetPower(_vms[left.Key], VmPowerState.Off, isLooked: true);
        }

        foreach (TrackedTask held in State.Tasks.Values.Where(t => t.FailureHold is not null).ToList())
        {
            _observations.Add(new Observation.TaskHeld(held.Task.Id, false));
        }
    }

    private void AddVm(int number, VmPowerState power)
    {
        var key = new VmKey("sim", new Guid(number + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]));
        var machine = new TargetMachine(key, $"PC{number + 1}", TargetKinds.Personal, null, (2L + (number % 3)) << 30);
        var vm = new SimulatedVm(machine, power, number % 2 == 0 ? "C:" : "D:");
        vm.Guest.IsReachable = power == VmPowerState.Running;
        if (_options.HasSessions)
        {
            vm.Guest.Sessions.Add(new UserSession(1, "owner", IsActive: false));
        }

        _vms.Add(key, vm);
        _vmList.Add(vm);
        Look(vm);
    }

    private bool Happens(double probability) => _chance.NextDouble() < probability;

    private TimeSpan Seconds(int least, int most) => TimeSpan.FromMilliseconds(_chance.Next(least * 1000, most * 1000));

    private void After(TimeSpan time, Action happening) => _events.Enqueue(happening, ((Monotonic + time).Ticks, _order++));

    private void PassTime()
    {
        // Never more than half a minute at once, as a driver measures the host that often, and never past the next thing to happen.
        TimeSpan most = State.IsQuiet && State.ReadyAwake.Count == 0 && State.ReadyAsleep.Count == 0 && _isCalm
            ? TimeSpan.FromHours(1)
            : TimeSpan.FromSeconds(30);
        TimeSpan until = Monotonic + most;
        if (_lastNextIn is { } next && Monotonic + next < until)
        {
            until = Monotonic + (next > TimeSpan.Zero ? next : TimeSpan.FromMilliseconds(1));
        }

        if (_events.TryPeek(out _, out (long Ticks, long Order) first) && first.Ticks < until.Ticks)
        {
            until = TimeSpan.FromTicks(first.Ticks);
        }

        Monotonic = until > Monotonic ? until : Monotonic;
        while (_events.TryPeek(out _, out (long Ticks, long Order) due) && due.Ticks <= Monotonic.Ticks)
        {
            _events.Dequeue()();
        }

        if (Monotonic - _measuredAt >= TimeSpan.FromSeconds(10))
        {
            Measure();
        }
    }

    private void Fail(string what) =>
        throw new SimulationFailedException($"seed {Seed}, step {Steps}, {Utc:u}: {what}\n  replay: dotnet run --project tests/VmUpdate.Simulation.Console -- --seed {Seed}");
}
