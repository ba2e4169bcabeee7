using System.Security;
using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>Its objects as records, and their ways to each other.</summary>
internal sealed partial class SmallHyperV
{
    private const string ClusterNamespace = @"root\MSCluster";
    private static readonly string[] Controllers = ["A0000000-0000-0000-0000-000000000000", "B0000000-0000-0000-0000-000000000000"];

    private IEnumerable<SmallVm> VisibleVms => ShowsNothing ? [] : Vms;

    internal static string PathText(string className, string instanceId) =>
        $@"\\{HostName}\{V2}:{className}.InstanceID=""{instanceId.Replace(@"\", @"\\", StringComparison.Ordinal)}""";

    internal static string BootSourcePath(SmallVm vm, SmallDisk disk) => PathText("Msvm_BootSourceSettingData", DriveId(vm.Key, disk) + @"\B");

    private static string ControllerId(string owner, SmallDisk disk) => $@"Microsoft:{owner}\{Controllers[disk.Controller]}" + (disk.IsIde ? $@"\{disk.Controller}" : string.Empty);

    private static string DriveId(string owner, SmallDisk disk) => $@"{ControllerId(owner, disk)}\{disk.Slot}\D";

    private static string FileId(string owner, SmallDisk disk) => $@"{ControllerId(owner, disk)}\{disk.Slot}\L";

    private static CimRecord Record(string className, string[] keys, params (string Name, object? Value)[] properties) =>
        RecordIn(V2, className, keys, properties);

    private static CimRecord RecordIn(string @namespace, string className, string[] keys, params (string Name, object? Value)[] properties)
    {
        var all = properties.ToDictionary(property => property.Name, property => property.Value, StringComparer.OrdinalIgnoreCase);
        return new CimRecord(new CimPath(@namespace, className, keys.ToDictionary(key => key, key => all[key]!, StringComparer.OrdinalIgnoreCase)), all);
    }

    private static CimRecord System(SmallVm vm) => Record(
        "Msvm_ComputerSystem",
        ["CreationClassName", "Name"],
        ("CreationClassName", "Msvm_ComputerSystem"),
        ("Name", vm.Key),
        ("ElementName", vm.Name),
        ("EnabledState", vm.State),
        ("OperationalStatus", vm.Status.ToArray()),
        ("ReplicationMode", vm.ReplicationMode));

    private static CimRecord Settings(SmallVm vm) => Record(
        "Msvm_VirtualSystemSettingData",
        ["InstanceID"],
        ("InstanceID", "Microsoft:" + vm.Key),
        ("ElementName", vm.Name),
        ("VirtualSystemIdentifier", vm.Key),
        ("VirtualSystemType", "Microsoft:Hyper-V:System:Realized"),
        ("VirtualSystemSubType", vm.IsGeneration2 ? "Microsoft:Hyper-V:SubType:2" : "Microsoft:Hyper-V:SubType:1"),
        ("Notes", vm.Notes.Length == 0 ? null : vm.Notes),
        ("BootOrder", vm.BootOrder.ToArray()),
        ("BootSourceOrder", vm.BootSources.ToArray()),
        ("CreationTime", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)),
        ("AutomaticStartupActionDelay", TimeSpan.FromSeconds(90)),
        ("SecureBootEnabled", vm.SecureBoot),
        ("SecureBootTemplateId", vm.SecureBootTemplate),
        ("AutomaticStartupAction", (ushort)vm.StartupAction),
        ("AutomaticSnapshotsEnabled", vm.MakesSnapshots),
        ("SuspendDataRoot", @"C:\ClusterStorage\Volume1\" + vm.Name));

    private static IEnumerable<CimRecord> AllSettings(SmallVm vm) => vm.Snapshots
        .Select(snapshot => Settings(vm)
            .With("InstanceID", "Microsoft:" + snapshot.Key)
            .With("ElementName", snapshot.Name)
            .With("VirtualSystemType", snapshot.Type))
        .Select(settings => new CimRecord(
            settings.Path with { Keys = new Dictionary<string, object> { ["InstanceID"] = settings.Text("InstanceID") } }, settings.Properties))
        .Prepend(Settings(vm));

    private static CimRecord Resource(string id, string subType, params (string Name, object? Value)[] properties) => Record(
        "Msvm_ResourceAllocationSettingData", ["InstanceID"], [("InstanceID", id), ("ResourceSubType", subType), .. properties]);

    private static IEnumerable<CimRecord> Resources(SmallVm vm)
    {
        IEnumerable<SmallDisk> bare = Enumerable.Range(0, vm.ScsiControllers).Select(number => new SmallDisk { Path = string.Empty, Controller = number })
            .Concat(Enumerable.Range(0, vm.IsGeneration2 ? 0 : 2).Select(number => new SmallDisk { Path = string.Empty, Controller = number, IsIde = true }));
        foreach (SmallDisk disk in vm.Disks.Concat(bare).DistinctBy(disk => (disk.IsIde, disk.Controller)))
        {
            yield return disk.IsIde
                ? Resource(ControllerId(vm.Key, disk), "Microsoft:Hyper-V:Emulated IDE Controller", ("Address", $"{disk.Controller}"))
                : Resource(
                    ControllerId(vm.Key, disk), "Microsoft:Hyper-V:Synthetic SCSI Controller", ("VirtualSystemIdentifiers", new[] { $"{{{vm.Key}}}" }));
        }

        foreach (SmallDisk disk in vm.Disks)
        {
            yield return Resource(
                DriveId(vm.Key, disk),
                disk.IsPhysical ? "Microsoft:Hyper-V:Physical Disk Drive" : disk.IsDvd ? "Microsoft:Hyper-V:Synthetic DVD Drive" : "Microsoft:Hyper-V:Synthetic Disk Drive",
                ("Parent", PathText("Msvm_ResourceAllocationSettingData", ControllerId(vm.Key, disk))),
                ("AddressOnParent", $"{disk.Slot}"),
                ("HostResource", disk.IsPhysical ? new[] { disk.Path } : null));
        }
    }

    private static CimRecord File(string owner, SmallDisk disk, string path) => Record(
        "Msvm_StorageAllocationSettingData",
        ["InstanceID"],
        ("InstanceID", FileId(owner, disk)),
        ("ResourceType", (ushort)31),
        ("ResourceSubType", disk.IsDvd ? "Microsoft:Hyper-V:Virtual CD/DVD Disk" : "Microsoft:Hyper-V:Virtual Hard Disk"),
        ("Parent", PathText("Msvm_ResourceAllocationSettingData", DriveId(owner, disk))),
        ("HostResource", new[] { path }),
        ("IOPSLimit", 0UL),
        ("PersistentReservationsSupported", false));

    private static IEnumerable<CimRecord> Files(SmallVm vm) => vm.Disks.Where(disk => !disk.IsPhysical && disk.Path.Length > 0).Select(disk => File(vm.Key, disk, disk.Path));

    private static CimRecord Device(SmallVm vm, string className, params (string Name, object? Value)[] properties) => Record(
        className,
        ["SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID"],
        [
            ("SystemCreationClassName", "Msvm_ComputerSystem"), ("SystemName", vm.Key), ("CreationClassName", className),
            ("DeviceID", $@"Microsoft:{vm.Key}\{className}"), .. properties,
        ]);

    private static IEnumerable<CimRecord> Devices(SmallVm vm)
    {
        bool isOn = vm.State == 2;
        if (isOn)
        {
            vm.Agent?.Pump(vm);
        }

        if (vm.HasIntegrationServices)
        {
            yield return Device(vm, "Msvm_ShutdownComponent", ("EnabledState", (ushort)2));
            yield return Device(vm, "Msvm_HeartbeatComponent", ("OperationalStatus", new ushort[] { isOn && vm.HasHeartbeat ? (ushort)2 : (ushort)12 }));
            yield return Device(
                vm,
                "Msvm_KvpExchangeComponent",
                ("EnabledState", (ushort)2),
                ("GuestExchangeItems", vm.OwnItems.Select(item => KvpItem(item.Key, item.Value)).ToArray()),
                ("GuestIntrinsicExchangeItems", isOn && vm.HasHeartbeat
                    ? (string[])[.. vm.GuestItems, KvpItem("OSName", "Windows 11 & <more>"), KvpItem("FullyQualifiedDomainName", vm.GuestName + ".contoso.test")]
                    : null));
        }

        if (vm.State != 3)
        {
            yield return Device(vm, "Msvm_Memory", ("BlockSize", 1048576UL), ("NumberOfBlocks", vm.PresentMegabytes));
        }
    }

    private static string KvpItem(string name, string data) =>
        $"<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\"><PROPERTY NAME=\"Caption\" PROPAGATED=\"true\" TYPE=\"string\"></PROPERTY><PROPERTY NAME=\"Data\" TYPE=\"string\"><VALUE>{SecurityElement.Escape(data)}</VALUE></PROPERTY><PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>{name}</VALUE></PROPERTY><PROPERTY NAME=\"Source\" TYPE=\"uint16\"><VALUE>2</VALUE></PROPERTY></INSTANCE>";

    private static CimRecord Memory(SmallVm vm) => Record(
        "Msvm_MemorySettingData",
        ["InstanceID"],
        ("InstanceID", $@"Microsoft:{vm.Key}\memory"),
        ("AllocationUnits", "byte * 2^20"),
        ("VirtualQuantity", vm.MemoryMegabytes),
        ("Limit", vm.MostMegabytes),
        ("Reservation", vm.LeastMegabytes),
        ("DynamicMemoryEnabled", vm.HasDynamicMemory));

    private static CimRecord Processor(SmallVm vm) => Record(
        "Msvm_ProcessorSettingData", ["InstanceID"], ("InstanceID", $@"Microsoft:{vm.Key}\processor"), ("VirtualQuantity", vm.Processors));

    private static IEnumerable<CimRecord> Network(SmallVm vm) => vm.Adapters.SelectMany(adapter => new[]
    {
        Record(
            "Msvm_SyntheticEthernetPortSettingData",
            ["InstanceID"],
            ("InstanceID", $@"Microsoft:{vm.Key}\{adapter.Id}"),
            ("Address", adapter.Address),
            ("StaticMacAddress", adapter.IsStatic),
            ("VirtualSystemIdentifiers", new[] { $"{{{adapter.Id}}}" })),
        Record(
            "Msvm_EthernetPortAllocationSettingData",
            ["InstanceID"],
            ("InstanceID", $@"Microsoft:{vm.Key}\{adapter.Id}\C"),
            ("Parent", PathText("Msvm_SyntheticEthernetPortSettingData", $@"Microsoft:{vm.Key}\{adapter.Id}")),
            ("HostResource", adapter.Switch is { } name ? new[] { name } : null)),
    }).Where(record => record.Path.ClassName != "Msvm_EthernetPortAllocationSettingData" || record.Properties["HostResource"] is not null);

    private IEnumerable<CimRecord> InstancesOf(string className) => className switch
    {
        "Msvm_ComputerSystem" => ShowsNothing
            ? []
            : Vms.Select(System).Prepend(Record(
                "Msvm_ComputerSystem", ["CreationClassName", "Name"], ("CreationClassName", "Msvm_ComputerSystem"), ("Name", HostName), ("ElementName", HostName), ("EnabledState", (ushort)2))),
        "Msvm_VirtualSystemSettingData" => VisibleVms.SelectMany(AllSettings),
        "Msvm_StorageAllocationSettingData" => VisibleVms.SelectMany(
            vm => Files(vm).Concat(vm.Snapshots.Where(snapshot => snapshot.DiskPath.Length > 0).Select(snapshot => File(snapshot.Key, vm.Disks[0], snapshot.DiskPath)))),
        "Msvm_VirtualSystemManagementService" => ShowsNothing ? [] : [Service(className, "vmms")],
        "Msvm_VirtualSystemSnapshotService" => ShowsNothing ? [] : [Service(className, "vssnapsvc")],
        "Msvm_SecuritySettingData" => VisibleVms.Where(vm => vm.IsGeneration2).Select(vm => Record(
            className,
            ["InstanceID"],
            ("InstanceID", $@"Microsoft:{vm.Key}\security"),
            ("TpmEnabled", vm.HasTpm),
            ("ShieldingRequested", vm.IsShielded))),
        "MSCluster_Resource" => Clustered(Vms.Where(vm => vm.ClusterNode is not null).SelectMany(ClusterResources)),
        "MSCluster_Node" => Clustered([
            RecordIn(ClusterNamespace, className, ["Name"], ("Name", HostName), ("State", NodeState)),
            RecordIn(ClusterNamespace, className, ["Name"], ("Name", "HV02"), ("State", 0U)),
        ]),
        "Msvm_ConcreteJob" => _jobs.Select(job => Record(
            className,
            ["InstanceID"],
            ("InstanceID", job.Key),
            ("JobState", job.Value.State),
            ("PercentComplete", (ushort)(job.Value.State == 4 ? 43 : 100)),
            ("ErrorCode", job.Value.ErrorCode),
            ("ErrorDescription", job.Value.Words.Length == 0 || job.Value.Words == SummaryOnly ? null : job.Value.Words),
            ("ErrorSummaryDescription", job.Value.Words.Length == 0 ? null : "It failed."))),
        "Win32_OperatingSystem" => [RecordIn(@"root\cimv2", className, ["Name"], ("Name", "Windows"), ("CSName", HostName), ("FreePhysicalMemory", 33554432UL), ("TotalVisibleMemorySize", 134217728UL))],
        "Win32_ComputerSystemProduct" => [RecordIn(@"root\cimv2", className, ["Name"], ("Name", "Server"), ("UUID", BoardId))],
        "Win32_Service" => ServiceState is { } state
            ? [RecordIn(@"root\cimv2", className, ["Name"], ("Name", "vmms"), ("State", "Running")), RecordIn(@"root\cimv2", className, ["Name"], ("Name", "VmHostAgent"), ("State", state))]
            : [],
        "Win32_Volume" => [
            RecordIn(@"root\cimv2", className, ["DeviceID"], ("DeviceID", "1"), ("Name", @"C:\"), ("FreeSpace", 1UL << 35)),
            RecordIn(@"root\cimv2", className, ["DeviceID"], ("DeviceID", "2"), ("Name", @"C:\ClusterStorage\Volume1\"), ("FreeSpace", 1UL << 40)),
        ],
        "Win32_PerfFormattedData_HvStats_HyperVHypervisorLogicalProcessor" => [
            RecordIn(@"root\cimv2", className, ["Name"], ("Name", "_Total"), ("PercentTotalRunTime", (ulong)ProcessorPercent)),
            RecordIn(@"root\cimv2", className, ["Name"], ("Name", "Hv LP 0"), ("PercentTotalRunTime", 99UL)),
        ],
        _ => throw new InvalidOperationException($"The small Hyper-V has no {className}."),
    };

    private IEnumerable<CimRecord> Clustered(IEnumerable<CimRecord> records) => NodeState is null
        ? throw new CimFailureException(CimStatus.InvalidNamespace, "HRESULT 0x8004100e", "Invalid namespace")
        : records;

    private static IEnumerable<CimRecord> ClusterResources(SmallVm vm) =>
    [
        RecordIn(ClusterNamespace, "MSCluster_Resource", ["Name"], ("Name", vm.Name + " configuration"), ("Type", "Virtual Machine Configuration"), ("OwnerNode", vm.ClusterNode)),
        RecordIn(
            ClusterNamespace,
            "MSCluster_Resource",
            ["Name"],
            ("Name", vm.Name),
            ("Type", "Virtual Machine"),
            ("OwnerNode", vm.ClusterNode),
            ("PrivateProperties", RecordIn(ClusterNamespace, "MSCluster_Property", [], ("VmID", vm.Id.ToString("D"))))),
    ];

    private static CimRecord Service(string className, string name) => Record(
        className,
        ["SystemCreationClassName", "SystemName", "CreationClassName", "Name"],
        ("SystemCreationClassName", "Msvm_ComputerSystem"),
        ("SystemName", HostName),
        ("CreationClassName", className),
        ("Name", name));

    private IEnumerable<CimRecord> Associated(CimPath source, CimAssociation association)
    {
        SmallVm vm = Vms.FirstOrDefault(vm => source.Keys.Values.OfType<string>().Any(key => key.Contains(vm.Key, StringComparison.OrdinalIgnoreCase)))
            ?? throw Absent(source);
        IEnumerable<CimRecord> found = (association.ClassName, association.SourceRole, association.ResultRole) switch
        {
            ("Msvm_SettingsDefineState", "ManagedElement", "SettingData") => [Settings(vm)],
            ("Msvm_VirtualSystemSettingDataComponent", "GroupComponent", "PartComponent") => [.. Resources(vm), .. Files(vm), Memory(vm), Processor(vm), .. Network(vm)],
            ("Msvm_SystemDevice", "GroupComponent", "PartComponent") => Devices(vm),
            ("Msvm_ElementSettingData", "ManagedElement", "SettingData") => [Record(
                "Msvm_KvpExchangeComponentSettingData",
                ["InstanceID"],
                ("InstanceID", $@"Microsoft:{vm.Key}\kvp"),
                ("HostExchangeItems", vm.HostItems.Select(item => KvpItem(item.Key, item.Value)).ToArray()))],
            ("Msvm_LogicalIdentity", "SystemElement", "SameElement") => vm.Disks
                .Where(disk => DriveId(vm.Key, disk) == (string)source.Keys["InstanceID"] && vm.IsGeneration2)
                .Select(disk => Record("Msvm_BootSourceSettingData", ["InstanceID"], ("InstanceID", DriveId(vm.Key, disk) + @"\B"), ("BootSourceType", 1U))),
            _ => throw new InvalidOperationException($"The small Hyper-V has no way {association}."),
        };
        return found.Where(record => record.Path.ClassName == association.ResultClass);
    }
}
