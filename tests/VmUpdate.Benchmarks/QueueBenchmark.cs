using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Lab;

namespace VmUpdate.Benchmarks;

/// <summary>Tasks on their way in: many through the pipeline, and an urgent one to a broker in another process.</summary>
internal static class QueueBenchmark
{
    /// <summary>The job of the other process.</summary>
    public const string BrokerJob = "broker";

    private const string Pipeline = "10,000 tasks through the pipeline";
    private const string Urgent = "urgent task, broker in another process";
    private const double AllowedSeconds = 5;
    private const int AllowedCommits = 150;
    private const double AllowedMilliseconds = 100;
    private const int UrgentTasks = 15;

    /// <summary>Measures.</summary>
    /// <param name="scratch">A folder for labs.</param>
    /// <param name="figures">Takes the figures.</param>
    public static void Run(string scratch, Figures figures)
    {
        using var engine = new ModuleEngine();
        RegisterMany(engine, Path.Combine(scratch, "many"), figures);
        RegisterUrgent(engine, Path.Combine(scratch, "urgent"), figures);
    }

    /// <summary>The other process: works as the broker, and says when it has seen a run.</summary>
    /// <param name="folder">The lab.</param>
    public static void RunBroker(string folder)
    {
        var files = new HostFileSystem();
        LabHypervisor lab = LabHypervisor.Open(folder, new LabOptions { Files = files });
        using VmUpdateStore store = VmUpdateStore.Open(lab.StoreFolder, new StoreOptions { Files = files });
        using TaskBroker broker = TaskBroker.Open(new BrokerServices { Store = store, Hypervisor = lab, Metrics = lab, Sessions = lab, Guests = lab });
        broker.OnChanged = runs =>
        {
            if (runs.Any(run => run.State == RunState.Waking))
            {
                Console.WriteLine("seen");
            }
        };
        using var end = new CancellationTokenSource();
        Task<BrokerReport> working = broker.RunAsync(BrokerUntil.Stopped, CancellationToken.None, end.Token);
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        end.Cancel();
        working.GetAwaiter().GetResult();
    }

    private static void RegisterMany(ModuleEngine engine, string folder, Figures figures)
    {
        engine.Run($"$null = New-VmUpdateLab -Path '{folder}' -PooledVmCount 0 -PersonalVmCount 20; $null = Connect-VmUpdateHost '{folder}'");

        // An object leaves the pipeline after its commit: as many commits as there are moments, in objects taken in, at which some leave.
        const string script = """
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $moments = [Collections.Generic.HashSet[int]]::new()
            $count = 0
            1..10000 | ForEach-Object { $global:taken = $_; [pscustomobject]@{ Name = "$round-$_"; VMName = "DESK-$('{0:00}' -f (1 + $_ % 20))" } } |
                Register-VmUpdateTask -Kind Configuration -Command 'x' -StartTime ([DateTime]::Now.AddDays(1)) -PassThru |
                ForEach-Object { $null = $moments.Add($global:taken); $count++ }
            "$($watch.Elapsed.TotalSeconds) $($moments.Count) $count"
            """;
        engine.Run("$round = 'warm'; 1..200 | ForEach-Object { [pscustomobject]@{ Name = \"warm-$_\"; VMName = 'DESK-01' } } | Register-VmUpdateTask -Kind Configuration -Command 'x'");
        List<double> seconds = [];
        int commits = 0;
        for (int round = 0; round < 3; round++)
        {
            string[] found = engine.Run($"$round = {round}; {script}").Single().ToString().Split(' ');
            seconds.Add(double.Parse(found[0], CultureInfo.InvariantCulture));
            commits = Math.Max(commits, int.Parse(found[1], CultureInfo.InvariantCulture));
        }

        double median = seconds.Order().ElementAt(1);
        figures.Add(Pipeline, "median of 3", $"<= {AllowedSeconds:0} s", $"{median:0.00} s ({seconds.Min():0.00}-{seconds.Max():0.00})", median <= AllowedSeconds);
        figures.Add(Pipeline, "commits", $"<= {AllowedCommits}", $"{commits}", commits <= AllowedCommits);
    }

    private static void RegisterUrgent(ModuleEngine engine, string folder, Figures figures)
    {
        engine.Run($"$null = New-VmUpdateLab -Path '{folder}' -PooledVmCount 0 -PersonalVmCount {UrgentTasks}; $null = Connect-VmUpdateHost '{folder}'; Set-VmUpdateLabMachine -LabPath '{folder}' DESK-* -State Running; Set-VmUpdateHost -SettleTime 0 -MaxRuns 100 -MaxRunsPerInstructor 100");
        using Process broker = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--one", BrokerJob, folder])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        })!;
        broker.StandardOutput.ReadLine();
        SystemClock.Instance.Delay(TimeSpan.FromSeconds(1), CancellationToken.None).GetAwaiter().GetResult();
        List<double> spans = [];
        for (int i = 1; i <= UrgentTasks; i++)
        {
            long start = Stopwatch.GetTimestamp();
            engine.Run($"Register-VmUpdateTask 'u{i}' x -Kind Configuration -VMName DESK-{i:00} -Urgent");
            broker.StandardOutput.ReadLine();
            spans.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        broker.StandardInput.Close();
        broker.WaitForExit();
        double median = spans.Order().ElementAt(UrgentTasks / 2);
        figures.Add(
            Urgent,
            $"cmdlet called -> run begun and written down, median of {UrgentTasks}",
            $"<= {AllowedMilliseconds:0} ms",
            $"{median:0} ms ({spans.Min():0}-{spans.Max():0})",
            median <= AllowedMilliseconds);
    }

    /// <summary>PowerShell's engine with the module, as a user has it.</summary>
    private sealed class ModuleEngine : IDisposable
    {
        private readonly Runspace _runspace;

        public ModuleEngine()
        {
            Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
            var state = InitialSessionState.CreateDefault2();
            state.ThrowOnRunspaceOpenError = true;
            state.ImportPSModule(Path.Combine(Repository.Root(), "VmUpdate.psd1"));
            _runspace = RunspaceFactory.CreateRunspace(state);
            _runspace.Open();
        }

        public IReadOnlyList<PSObject> Run(string script)
        {
            using var shell = System.Management.Automation.PowerShell.Create(_runspace);
            IReadOnlyList<PSObject> output = shell.AddScript(script, useLocalScope: false).Invoke();
            return shell.Streams.Error.Count == 0 ? output : throw new InvalidOperationException(shell.Streams.Error[0].ToString(), shell.Streams.Error[0].Exception);
        }

        public void Dispose() => _runspace.Dispose();
    }
}
