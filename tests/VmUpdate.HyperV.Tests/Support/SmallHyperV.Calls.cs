using System.Globalization;
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
        ("Msvm_VirtualSystemManagementService", "DefineSystem") => Define(EmbeddedInstance.Parse((string)arguments["SystemSettings"], V2)),
        ("Msvm_VirtualSystemManagementService", "DestroySystem") => StartJob(() => Vms.Remove(FindVm((CimPath)arguments["AffectedSystem"], "Name"))),
        ("Msvm_VirtualSystemManagementService", "AddResourceSettings") => AddResource(
            Vms.Single(vm => "Microsoft:" + vm.Key == (string)((CimPath)arguments["AffectedConfiguration"]).Keys["InstanceID"]),
            EmbeddedInstance.Parse(((string[])arguments["ResourceSettings"]).Single(), V2)),
        ("Msvm_VirtualSystemManagementService", "AddKvpItems" or "ModifyKvpItems" or "RemoveKvpItems") => SetItems(
            method, FindVm((CimPath)arguments["TargetSystem"], "Name"), ((string[])arguments["DataItems"]).Select(item => EmbeddedInstance.Parse(item, V2).Properties)),
        ("Msvm_VirtualSystemSnapshotService", "DestroySnapshot") => Destroy((CimPath)arguments["AffectedSnapshot"]),
        ("Msvm_VirtualSystemSnapshotService", "CreateSnapshot") => Create(FindVm((CimPath)arguments["AffectedSystem"], "Name"), (ushort)arguments["SnapshotType"]),
        _ => throw new InvalidOperationException($"The small Hyper-V cannot {method}."),
    };

    private CimMethodResult SetItems(string method, SmallVm vm, IEnumerable<IReadOnlyDictionary<string, object>> items)
    {
        foreach (IReadOnlyDictionary<string, object> item in items)
        {
            string name = (string)item["Name"];
            string data = (string)item["Data"];
            if ((ulong)item["Source"] != 0 || data.Length > 1023 || vm.HostItems.ContainsKey(name) == (method == "AddKvpItems"))
            {
                return Done(32773);
            }

            if (method == "RemoveKvpItems")
            {
                vm.HostItems.Remove(name);
            }
            else
            {
                vm.HostItems[name] = data;
            }
        }

        return Done();
    }

    private CimMethodResult Define(EmbeddedInstance given) => given.Properties.ContainsKey("InstanceID")
        ? Done(4)
        : StartJob(() => Vms.Add(new SmallVm
        {
            Name = (string)given.Properties["ElementName"],
            Notes = (string[])given.Properties["Notes"],
            IsGeneration2 = (string)given.Properties.GetValueOrDefault("VirtualSystemSubType", string.Empty) == "Microsoft:Hyper-V:SubType:2",
            SecureBoot = given.Properties.GetValueOrDefault("SecureBootEnabled") is true,
            SecureBootTemplate = (string)given.Properties.GetValueOrDefault("SecureBootTemplateId", "none"),
            StartupAction = (ulong)given.Properties.GetValueOrDefault("AutomaticStartupAction", 3UL),
            MakesSnapshots = given.Properties.GetValueOrDefault("AutomaticSnapshotsEnabled") is not false,
            BootOrder = [.. ((string[])given.Properties.GetValueOrDefault("BootOrder", new[] { "3" })).Select(ushort.Parse)],
            MemoryMegabytes = 1024,
        }));

    private CimMethodResult AddResource(SmallVm vm, EmbeddedInstance given)
    {
        string parent = (string)given.Properties.GetValueOrDefault("Parent", string.Empty);
        if (given.Properties.ContainsKey("InstanceID") || given.Properties.ContainsKey("VirtualSystemIdentifiers"))
        {
            // It would be another's.
            return Done(4);
        }

        switch (given.Class.Name, (string)given.Properties.GetValueOrDefault("ResourceSubType", string.Empty))
        {
            case ("Msvm_ResourceAllocationSettingData", "Microsoft:Hyper-V:Synthetic SCSI Controller"):
                vm.ScsiControllers++;
                break;
            case ("Msvm_ResourceAllocationSettingData", "Microsoft:Hyper-V:Synthetic Disk Drive"):
                int slot = int.Parse((string)given.Properties["AddressOnParent"], CultureInfo.InvariantCulture);
                (bool IsIde, int Number) controller = new[] { (true, 0), (true, 1), (false, 0), (false, 1) }.Single(place =>
                    parent == PathText("Msvm_ResourceAllocationSettingData", ControllerId(vm.Key, new SmallDisk { Path = string.Empty, IsIde = place.Item1, Controller = place.Item2 })));
                vm.Disks.Add(new SmallDisk { Path = string.Empty, IsIde = controller.IsIde, Controller = controller.Number, Slot = slot });
                break;
            case ("Msvm_StorageAllocationSettingData", "Microsoft:Hyper-V:Virtual Hard Disk"):
                vm.Disks.Single(disk => parent == PathText("Msvm_ResourceAllocationSettingData", DriveId(vm.Key, disk))).Path =
                    ((string[])given.Properties["HostResource"]).Single();
                break;
            case ("Msvm_SyntheticEthernetPortSettingData", _):
                vm.Adapters.Add(new SmallAdapter
                {
                    Address = (string)given.Properties.GetValueOrDefault("Address", "00155D0000FF"),
                    IsStatic = given.Properties.GetValueOrDefault("StaticMacAddress") is true,
                });
                break;
            case ("Msvm_EthernetPortAllocationSettingData", _):
                vm.Adapters.Single(adapter => parent == PathText("Msvm_SyntheticEthernetPortSettingData", $@"Microsoft:{vm.Key}\{adapter.Id}")).Switch =
                    ((string[])given.Properties["HostResource"]).Single();
                break;
            default:
                return Done(4);
        }

        return Done();
    }

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
            (2 or 6 or 9, 3) => (4, 3),
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
        switch (given.Class.Name)
        {
            case "Msvm_MemorySettingData":
                vm.MemoryMegabytes = (ulong)given.Properties["VirtualQuantity"];
                vm.MostMegabytes = (ulong)given.Properties["Limit"];
                vm.LeastMegabytes = (ulong)given.Properties["Reservation"];
                vm.HasDynamicMemory = (bool)given.Properties["DynamicMemoryEnabled"];
                return Done();
            case "Msvm_ProcessorSettingData":
                vm.Processors = (ulong)given.Properties["VirtualQuantity"];
                return Done();
        }

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
