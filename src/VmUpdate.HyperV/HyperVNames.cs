namespace VmUpdate.HyperV;

/// <summary>
/// Every name of a class, property, method, parameter and association that this library uses, by class. <c>root\virtualization\v2</c> is
/// documented at learn.microsoft.com/windows/win32/hyperv_v2; a test compares all of it with the schema, and mutates each. Of
/// what is never asked for by its class, but comes with something else, the class is its Kind.
/// </summary>
internal static class HyperVNames
{
    /// <summary>Hyper-V's own classes.</summary>
    internal const string VirtualizationNamespace = @"root\virtualization\v2";

    /// <summary>Windows' classes.</summary>
    internal const string SystemNamespace = @"root\cimv2";

    /// <summary>The failover cluster's classes; absent where there is no cluster.</summary>
    internal const string ClusterNamespace = @"root\MSCluster";

    /// <summary>A virtual machine, and the host itself.</summary>
    internal static class ComputerSystem
    {
        internal const string Class = "Msvm_ComputerSystem";
        internal const string Name = "Name";
        internal const string ElementName = "ElementName";
        internal const string EnabledState = "EnabledState";
        internal const string OperationalStatus = "OperationalStatus";
        internal const string ReplicationMode = "ReplicationMode";
        internal const string RequestStateChange = "RequestStateChange";
        internal const string RequestedState = "RequestedState";
        internal const string Job = "Job";
    }

    /// <summary>The settings of a machine, of a checkpoint, of a planned machine.</summary>
    internal static class SystemSettings
    {
        internal const string Class = "Msvm_VirtualSystemSettingData";
        internal const string InstanceId = "InstanceID";
        internal const string ElementName = "ElementName";
        internal const string VirtualSystemIdentifier = "VirtualSystemIdentifier";
        internal const string VirtualSystemType = "VirtualSystemType";
        internal const string VirtualSystemSubType = "VirtualSystemSubType";
        internal const string Notes = "Notes";
        internal const string BootOrder = "BootOrder";
        internal const string BootSourceOrder = "BootSourceOrder";
        internal const string SuspendDataRoot = "SuspendDataRoot";
        internal const string SecureBootEnabled = "SecureBootEnabled";
        internal const string SecureBootTemplateId = "SecureBootTemplateId";
        internal const string AutomaticStartupAction = "AutomaticStartupAction";
        internal const string AutomaticSnapshotsEnabled = "AutomaticSnapshotsEnabled";
    }

    /// <summary>A disk's file on a drive.</summary>
    internal static class StorageSettings
    {
        internal const string Class = "Msvm_StorageAllocationSettingData";
        internal const string InstanceId = "InstanceID";
        internal const string ResourceSubType = "ResourceSubType";
        internal const string HostResource = "HostResource";
        internal const string Parent = "Parent";
    }

    /// <summary>A drive, a controller, another device.</summary>
    internal static class ResourceSettings
    {
        internal const string Class = "Msvm_ResourceAllocationSettingData";
        internal const string InstanceId = "InstanceID";
        internal const string ResourceSubType = "ResourceSubType";
        internal const string HostResource = "HostResource";
        internal const string Parent = "Parent";
        internal const string Address = "Address";
        internal const string AddressOnParent = "AddressOnParent";
        internal const string VirtualSystemIdentifiers = "VirtualSystemIdentifiers";
    }

    /// <summary>A machine's memory as it is set.</summary>
    internal static class MemorySettings
    {
        internal const string Class = "Msvm_MemorySettingData";
        internal const string AllocationUnits = "AllocationUnits";
        internal const string VirtualQuantity = "VirtualQuantity";
        internal const string Limit = "Limit";
        internal const string Reservation = "Reservation";
        internal const string DynamicMemoryEnabled = "DynamicMemoryEnabled";
    }

    /// <summary>A machine's processors.</summary>
    internal static class ProcessorSettings
    {
        internal const string Class = "Msvm_ProcessorSettingData";
        internal const string VirtualQuantity = "VirtualQuantity";
    }

    /// <summary>A network adapter of a machine.</summary>
    internal static class NetworkAdapter
    {
        internal const string Class = "Msvm_SyntheticEthernetPortSettingData";
        internal const string InstanceId = "InstanceID";
        internal const string Address = "Address";
        internal const string StaticMacAddress = "StaticMacAddress";
        internal const string VirtualSystemIdentifiers = "VirtualSystemIdentifiers";
    }

    /// <summary>Which switch of the host a network adapter is connected to.</summary>
    internal static class NetworkConnection
    {
        internal const string Class = "Msvm_EthernetPortAllocationSettingData";
        internal const string InstanceId = "InstanceID";
        internal const string Parent = "Parent";
    }

    /// <summary>A machine's memory as it has it.</summary>
    internal static class Memory
    {
        internal const string Class = "Msvm_Memory";
        internal const string BlockSize = "BlockSize";
        internal const string NumberOfBlocks = "NumberOfBlocks";
    }

    /// <summary>What a machine of generation 2 may boot from.</summary>
    internal static class BootSource
    {
        internal const string Class = "Msvm_BootSourceSettingData";
        internal const string InstanceId = "InstanceID";
    }

    /// <summary>Whether a machine has a virtual TPM, and whether it is shielded.</summary>
    internal static class SecuritySettings
    {
        internal const string Class = "Msvm_SecuritySettingData";
        internal const string InstanceId = "InstanceID";
        internal const string TpmEnabled = "TpmEnabled";
        internal const string ShieldingRequested = "ShieldingRequested";
    }

    /// <summary>The service that makes and removes checkpoints.</summary>
    internal static class SnapshotService
    {
        internal const string Class = "Msvm_VirtualSystemSnapshotService";
        internal const string CreateSnapshot = "CreateSnapshot";
        internal const string AffectedSystem = "AffectedSystem";
        internal const string SnapshotType = "SnapshotType";
        internal const string DestroySnapshot = "DestroySnapshot";
        internal const string AffectedSnapshot = "AffectedSnapshot";
        internal const string Job = "Job";
    }

    /// <summary>The service that changes machines.</summary>
    internal static class ManagementService
    {
        internal const string Class = "Msvm_VirtualSystemManagementService";
        internal const string ModifySystemSettings = "ModifySystemSettings";
        internal const string SystemSettings = "SystemSettings";
        internal const string ModifyResourceSettings = "ModifyResourceSettings";
        internal const string ResourceSettings = "ResourceSettings";
        internal const string DefineSystem = "DefineSystem";
        internal const string DestroySystem = "DestroySystem";
        internal const string AffectedSystem = "AffectedSystem";
        internal const string AddResourceSettings = "AddResourceSettings";
        internal const string AffectedConfiguration = "AffectedConfiguration";
        internal const string AddKvpItems = "AddKvpItems";
        internal const string ModifyKvpItems = "ModifyKvpItems";
        internal const string RemoveKvpItems = "RemoveKvpItems";
        internal const string TargetSystem = "TargetSystem";
        internal const string DataItems = "DataItems";
        internal const string Job = "Job";
    }

    /// <summary>Work that goes on behind a call.</summary>
    internal static class ConcreteJob
    {
        internal const string Kind = "Msvm_ConcreteJob";
        internal const string JobState = "JobState";
        internal const string PercentComplete = "PercentComplete";
        internal const string ErrorCode = "ErrorCode";
        internal const string ErrorDescription = "ErrorDescription";
        internal const string ErrorSummaryDescription = "ErrorSummaryDescription";
    }

    /// <summary>The integration service that shuts a guest down.</summary>
    internal static class ShutdownComponent
    {
        internal const string Class = "Msvm_ShutdownComponent";
        internal const string InitiateShutdown = "InitiateShutdown";
        internal const string Force = "Force";
        internal const string Reason = "Reason";
    }

    /// <summary>The integration service that says that a guest is alive.</summary>
    internal static class HeartbeatComponent
    {
        internal const string Class = "Msvm_HeartbeatComponent";
        internal const string OperationalStatus = "OperationalStatus";
    }

    /// <summary>The integration service that exchanges names and values with a guest.</summary>
    internal static class KvpComponent
    {
        internal const string Class = "Msvm_KvpExchangeComponent";
        internal const string EnabledState = "EnabledState";
        internal const string GuestExchangeItems = "GuestExchangeItems";
        internal const string GuestIntrinsicExchangeItems = "GuestIntrinsicExchangeItems";
    }

    /// <summary>A name and a value of a guest.</summary>
    internal static class KvpItem
    {
        internal const string Class = "Msvm_KvpExchangeDataItem";
        internal const string Source = "Source";
        internal const string Name = "Name";
        internal const string Data = "Data";
    }

    /// <summary>What the host says to a guest by names and values.</summary>
    internal static class KvpSettings
    {
        internal const string Class = "Msvm_KvpExchangeComponentSettingData";
        internal const string HostExchangeItems = "HostExchangeItems";
    }

    /// <summary>Of a service of a guest its settings.</summary>
    internal static class ElementSettings
    {
        internal const string Class = "Msvm_ElementSettingData";
        internal const string ManagedElement = "ManagedElement";
        internal const string SettingData = "SettingData";
    }

    /// <summary>Of a machine its present settings.</summary>
    internal static class SettingsDefineState
    {
        internal const string Class = "Msvm_SettingsDefineState";
        internal const string ManagedElement = "ManagedElement";
        internal const string SettingData = "SettingData";
    }

    /// <summary>Of settings the settings of their devices.</summary>
    internal static class SettingsComponent
    {
        internal const string Class = "Msvm_VirtualSystemSettingDataComponent";
        internal const string GroupComponent = "GroupComponent";
        internal const string PartComponent = "PartComponent";
    }

    /// <summary>Of a machine its devices.</summary>
    internal static class SystemDevice
    {
        internal const string Class = "Msvm_SystemDevice";
        internal const string GroupComponent = "GroupComponent";
        internal const string PartComponent = "PartComponent";
    }

    /// <summary>Of a device what the firmware calls it.</summary>
    internal static class LogicalIdentity
    {
        internal const string Class = "Msvm_LogicalIdentity";
        internal const string SystemElement = "SystemElement";
        internal const string SameElement = "SameElement";
    }

    /// <summary>Windows, on the host.</summary>
    internal static class OperatingSystem
    {
        internal const string Class = "Win32_OperatingSystem";
        internal const string CSName = "CSName";
        internal const string FreePhysicalMemory = "FreePhysicalMemory";
        internal const string TotalVisibleMemorySize = "TotalVisibleMemorySize";
    }

    /// <summary>The computer, as its maker sold it.</summary>
    internal static class SystemProduct
    {
        internal const string Class = "Win32_ComputerSystemProduct";
        internal const string Uuid = "UUID";
    }

    /// <summary>A Windows service of the host.</summary>
    internal static class Service
    {
        internal const string Class = "Win32_Service";
        internal const string Name = "Name";
        internal const string State = "State";
    }

    /// <summary>A volume of the host.</summary>
    internal static class Volume
    {
        internal const string Class = "Win32_Volume";
        internal const string Name = "Name";
        internal const string FreeSpace = "FreeSpace";
    }

    /// <summary>How busy the host's processors are, as the hypervisor counts it.</summary>
    internal static class LogicalProcessor
    {
        internal const string Class = "Win32_PerfFormattedData_HvStats_HyperVHypervisorLogicalProcessor";
        internal const string Name = "Name";
        internal const string PercentTotalRunTime = "PercentTotalRunTime";
    }

    /// <summary>What a failover cluster runs.</summary>
    internal static class ClusterResource
    {
        internal const string Class = "MSCluster_Resource";
        internal const string Type = "Type";
        internal const string OwnerNode = "OwnerNode";
        internal const string PrivateProperties = "PrivateProperties";
    }

    /// <summary>What a cluster keeps of a machine.</summary>
    internal static class ClusterProperty
    {
        internal const string Kind = "MSCluster_Property";
        internal const string VmId = "VmID";
    }

    /// <summary>A computer of a failover cluster.</summary>
    internal static class ClusterNode
    {
        internal const string Class = "MSCluster_Node";
        internal const string Name = "Name";
        internal const string State = "State";
    }
}
