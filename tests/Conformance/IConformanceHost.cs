using VmUpdate.Core.Machines;

namespace VmUpdate.Conformance;

/// <summary>A host with one machine of the test's own, off, whose one disk is a file. Gone with the test.</summary>
public interface IConformanceHost : IAsyncDisposable
{
    /// <summary>The host under test.</summary>
    IHypervisor Hypervisor { get; }

    /// <summary>The same host as somebody else reaches it.</summary>
    IHypervisor Other { get; }

    /// <summary>The machine.</summary>
    VmKey Vm { get; }

    /// <summary>What the machine's guest calls itself.</summary>
    string GuestName { get; }

    /// <summary>Why the host cannot do something, or <see langword="null"/> when it can.</summary>
    string? CannotBecause(Ability ability);

    /// <summary>A path, beside the machine's disk, of a new file that could be its disk.</summary>
    string MakeDisk(string name);

    /// <summary>Takes the machine away from the host, as an administrator would who does not know that anybody works on it.</summary>
    Task RemoveMachineAsync();

    /// <summary>Has the machine's guest ignore that it is asked to shut down.</summary>
    Task IgnoreShutdownAsync();

    /// <summary>The channels of the host's machines.</summary>
    IGuestPort GuestPort => (IGuestPort)Hypervisor;

    /// <summary>Has the machine's guest send back each line that comes through its channel, from its next start on.</summary>
    Task EchoAsync();
}
