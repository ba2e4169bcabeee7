using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>What it does when it is called.</summary>
internal sealed partial class SmallHyperV
{
    private const uint InvalidState = 32775;

    private static CimMethodResult Done(uint value = 0) => new(value, new Dictionary<string, object?>());

    private CimMethodResult Invoke(CimPath target, string method, IReadOnlyDictionary<string, object> arguments) => (target.ClassName, method) switch
    {
        ("Msvm_ComputerSystem", "RequestStateChange") => RequestState(FindVm(target, "Name"), (ushort)arguments["RequestedState"]),
        ("Msvm_ShutdownComponent", "InitiateShutdown") => ShutDown(FindVm(target, "SystemName")),
        ("Msvm_VirtualSystemManagementService", "ModifySystemSettings") => ModifySettings(EmbeddedInstance.Parse((string)arguments["SystemSettings"], V2)),
        ("Msvm_VirtualSystemManagementService", "ModifyResourceSettings") =>
            ModifyResource(EmbeddedInstance.Parse(((string[])arguments["ResourceSettings"]).Single(), V2)),
        ("Msvm_VirtualSystemSnapshotService", "DestroySnapshot") => Destroy((CimPath)arguments["AffectedSnapshot"]),
        ("Msvm_VirtualSystemSnapshotService", "CreateSnapshot") => Create(FindVm((CimPath)arguments["AffectedSystem"], "Name"), (ushort)arguments["SnapshotType"]),
        _ => throw new InvalidOperationException($"The small Hyper-V cannot {method}."),
    };

    private CimMethodResult Destroy(CimPath snapshot)
    {
        SmallVm vm = Vms.Single(vm => vm.Snapshots.Any(found => "Microsoft:" + found.Key == (string)snapshot.Keys["InstanceID"]));
        return StartJob(() => vm.Snapshots.RemoveAll(found => "Microsoft:" + found.Key == (string)snapshot.Keys["InstanceID"]));
    }

    private CimMethodResult Create(SmallVm vm, ushort type) => type != 2
        ? Done(4)
        : StartJob(() => vm.Snapshots.Add(new SmallSnapshot($"{vm.Name} - (27.11.2026)", "Microsoft:Hyper-V:Snapshot:Realized", vm.Disks[0].Path)));

    private SmallVm FindVm(CimPath target, string key) =>
        Vms.FirstOrDefault(vm => string.Equals(vm.Key, target.Keys[key] as string, StringComparison.OrdinalIgnoreCase)) ?? throw Absent(target);

    private SmallVm FindVm(EmbeddedInstance instance)
    {
        string id = (string)instance.Properties["InstanceID"];
        return Vms.FirstOrDefault(vm => id.StartsWith("Microsoft:" + vm.Key, StringComparison.OrdinalIgnoreCase))
            ?? throw new CimFailureException(CimStatus.NotFound, "HRESULT 0x80041002", "Not found");
    }

    /// <summary>A job that does its work when its time has come.</summary>
    private CimMethodResult StartJob(Action work)
    {
        (ushort State, ushort Code, string Words)? end = NextJob;
        NextJob = null;
        string id = $"JOB-{++_lastJob}";
        var job = new SmallJob { Ends = Clock.Monotonic + JobTime, Work = work };
        _jobs[id] = job;
        _later.Add((job.Ends, () =>
        {
            if (end is { } given)
            {
                (job.State, job.ErrorCode, job.Words) = (given.State, given.Code, given.Words);
            }
            else
            {
                job.Work();
                job.State = 7;
            }

            if (ForgetsJobs)
            {
                _jobs.Remove(id);
            }
        }));
        return new CimMethodResult(4096, new Dictionary<string, object?>
        {
            ["Job"] = Record("Msvm_ConcreteJob", ["InstanceID"], ("InstanceID", id)),
        });
    }

    private CimMethodResult RequestState(SmallVm vm, ushort requested)
    {
        (ushort During, ushort After)? way = (vm.State, requested) switch
        {
            (3, 2) => (10, 2),
            (6, 2) => (32777, vm.SavedFrom),
            (9, 2) => (32777, 2),
            (2, 9) => (32776, 9),
            (2 or 9, 6) => (32773, 6),
            _ => null,
        };
        if (way is not { } step)
        {
            return Done(InvalidState);
        }

        ushort before = vm.State;
        if (requested == 6)
        {
            vm.SavedFrom = before;
        }

        if (NextJob is not null)
        {
            return StartJob(() => { });
        }

        vm.State = step.During;
        return StartJob(() => vm.State = step.After);
    }

    private CimMethodResult ShutDown(SmallVm vm)
    {
        if (vm.ShutdownAnswers.TryDequeue(out uint answer) && answer != 0)
        {
            return Done(answer);
        }

        if (vm.State != 2)
        {
            return Done(InvalidState);
        }

        if (!vm.IgnoresShutdown)
        {
            _later.Add((Clock.Monotonic + JobTime, () => vm.State = vm.State == 2 ? (ushort)3 : vm.State));
        }

        return Done();
    }

    private CimMethodResult ModifySettings(EmbeddedInstance given)
    {
        if (Vms.SelectMany(vm => vm.Snapshots).FirstOrDefault(found => "Microsoft:" + found.Key == (string)given.Properties["InstanceID"]) is { } snapshot)
        {
            snapshot.Name = (string)given.Properties["ElementName"];
            return Done();
        }

        SmallVm vm = FindVm(given);
        void Apply()
        {
            vm.Name = (string)given.Properties["ElementName"];
            vm.Notes = given.Properties.TryGetValue("Notes", out object? notes) ? (string[])notes : [];
            vm.BootSources = [.. (string[])given.Properties["BootSourceOrder"]];
        }

        if (JobTime > TimeSpan.Zero && NextJob is null)
        {
            // It is quick, and most often done when the call returns.
            Apply();
            return Done();
        }

        return StartJob(Apply);
    }

    private CimMethodResult ModifyResource(EmbeddedInstance given)
    {
        SmallVm vm = FindVm(given);
        SmallDisk disk = vm.Disks.Single(disk => FileId(vm.Key, disk) == (string)given.Properties["InstanceID"]);
        if (vm.State != 3)
        {
            return Done(5);
        }

        return StartJob(() =>
        {
            disk.Path = ((string[])given.Properties["HostResource"]).Single();
            if (ReordersBootSources && vm.BootSources.Remove(BootSourcePath(vm, disk)))
            {
                vm.BootSources.Add(BootSourcePath(vm, disk));
            }
        });
    }
}
