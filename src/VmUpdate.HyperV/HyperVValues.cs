namespace VmUpdate.HyperV;

/// <summary>The numbers and words that Hyper-V's properties and methods have for what is used here; its documentation names each.</summary>
internal static class HyperVValues
{
    // Msvm_ComputerSystem.EnabledState and RequestedState
    internal const ushort Running = 2;
    internal const ushort Off = 3;
    internal const ushort Saved = 6;
    internal const ushort Paused = 9;

    // Msvm_VirtualSystemSettingData.AutomaticStartupAction: it does not start with the host
    internal const ushort NeverStarts = 2;

    // Return values of all methods
    internal const uint Completed = 0;
    internal const uint JobStarted = 4096;

    // Msvm_ShutdownComponent.InitiateShutdown
    internal const uint ShutdownInUse = 32774;
    internal const uint ShutdownNotAvailable = 32777;
    internal const uint ShutdownNotReady = 32780;
    internal const uint ShutdownLocked = 32781;
    internal const uint ShutdownUnderWay = 32782;

    // Msvm_ConcreteJob.JobState
    internal const long JobCompleted = 7;
    internal const long JobTerminated = 8;
    internal const long JobKilled = 9;
    internal const long JobException = 10;
    internal const long JobCompletedWithWarnings = 32768;

    // OperationalStatus of a component: OK
    internal const long ComponentIsWell = 2;

    // EnabledState of a component
    internal const long ComponentIsOn = 2;

    // ResourceSubType
    internal const string HardDisk = "Microsoft:Hyper-V:Virtual Hard Disk";
    internal const string DiskDrive = "Microsoft:Hyper-V:Synthetic Disk Drive";
    internal const string PhysicalDrive = "Microsoft:Hyper-V:Physical Disk Drive";
    internal const string IdeController = "Microsoft:Hyper-V:Emulated IDE Controller";
    internal const string ScsiController = "Microsoft:Hyper-V:Synthetic SCSI Controller";

    // VirtualSystemType: these of machines, and all that begin so of checkpoints
    internal const string RealizedSystem = "Microsoft:Hyper-V:System:Realized";
    internal const string Snapshot = "Microsoft:Hyper-V:Snapshot:";

    // VirtualSystemSubType
    internal const string Generation2 = "Microsoft:Hyper-V:SubType:2";

    // BootOrder of generation 1
    internal const long BootFromIdeDisk = 2;

    // The instance of the processor counters that stands for all processors
    internal const string AllProcessors = "_Total";

    // Source of an item: the host sets it for the guest
    internal const ushort HostItem = 0;

    // Name of the item by which a guest says what it is called
    internal const string ComputerNameItem = "FullyQualifiedDomainName";

    // SnapshotType of CreateSnapshot: with whatever the machine's settings say of memory and disks
    internal const ushort FullSnapshot = 2;

    // Name of the service that makes a host an RD Virtualization Host, and the State of one that runs
    internal const string VirtualizationHostAgent = "VmHostAgent";
    internal const string ServiceRuns = "Running";

    // State of a session of Remote Desktop Services: its user is connected
    internal const int SessionIsActive = 0;

    // Type of a cluster's resource
    internal const string ClusteredMachine = "Virtual Machine";

    // State of a cluster's node: paused, that is being emptied or kept empty
    internal const long NodeIsPaused = 2;
}
