using System.Text;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>A machine of libvirt, for the length of one piece of work on one thread.</summary>
internal sealed class Domain : IDisposable
{
    private const int IdLength = 37;

    private readonly bool _isOwned;

    private Domain(IntPtr handle, bool isOwned)
    {
        Handle = handle;
        _isOwned = isOwned;
        Name = Utf8.Read(VirApi.GetName(handle));
    }

    internal IntPtr Handle { get; }

    internal string Name { get; }

    /// <summary>Finds one by its id.</summary>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.VmNotFound"/>.</exception>
    internal static Domain Find(IntPtr connection, Guid id)
    {
        IntPtr handle = VirApi.FindDomain(connection, Encoding.ASCII.GetBytes(id.ToString("D") + '\0'));
        return handle != IntPtr.Zero ? new Domain(handle, isOwned: true) : throw LibvirtErrors.Last(id.ToString(), "looking for the virtual machine");
    }

    /// <summary>One of a list; the list frees it.</summary>
    internal static Domain Of(IntPtr handle) => new(handle, isOwned: false);

    internal static Guid? ReadId(IntPtr handle)
    {
        byte[] text = new byte[IdLength];
        return VirApi.GetId(handle, text) == 0 && Guid.TryParse(Utf8.Of(text), out Guid id) ? id : null;
    }

    internal static void Free(IEnumerable<IntPtr> handles)
    {
        foreach (IntPtr handle in handles)
        {
            _ = VirApi.FreeDomain(handle);
        }
    }

    internal VmPowerState GetState()
    {
        Require(VirApi.GetState(Handle, out int state, out int reason, 0), "asking for its state");
        return DomainStates.Of(state, reason, () => HasManagedSave());
    }

    internal bool HasManagedSave()
    {
        int has = VirApi.HasManagedSave(Handle, 0);
        Require(has, "asking for its saved state");
        return has == 1;
    }

    /// <summary>Refuses what the machine's state does not allow.</summary>
    internal void RequireState(params VmPowerState[] allowed)
    {
        VmPowerState state = GetState();
        if (!allowed.Contains(state))
        {
            throw new HypervisorException(
                HypervisorFailure.VmBusy, Name, $"it is {state}; it would have to be {string.Join(" or ", allowed)}.");
        }
    }

    /// <summary>Its description: the one it will be started by (<see cref="VirApi.XmlInactive"/>), or the one it runs by.</summary>
    internal string GetXml(uint flags)
    {
        IntPtr xml = VirApi.GetXml(Handle, flags);
        return xml != IntPtr.Zero ? Utf8.Take(xml)! : throw LibvirtErrors.Last(Name, "reading its description");
    }

    /// <summary>Throws the calling thread's error when a call gave a negative number.</summary>
    internal void Require(int result, string what)
    {
        if (result < 0)
        {
            throw LibvirtErrors.Last(Name, what);
        }
    }

    /// <summary>Throws when a change of state did not work; when it was somebody else who came before, the machine is busy.</summary>
    internal void RequireDone(int result, string what, params VmPowerState[] from)
    {
        if (result >= 0)
        {
            return;
        }

        HypervisorException failure = LibvirtErrors.Last(Name, what);
        if (failure.Failure == HypervisorFailure.OperationFailed && GetState() is var state && !from.Contains(state))
        {
            throw new HypervisorException(HypervisorFailure.VmBusy, Name, $"{what} failed: somebody else made it {state}.", failure);
        }

        throw failure;
    }

    public void Dispose()
    {
        if (_isOwned)
        {
            _ = VirApi.FreeDomain(Handle);
        }
    }
}
