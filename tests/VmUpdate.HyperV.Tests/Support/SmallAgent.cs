using VmUpdate.GuestProtocol.Kvp;

namespace VmUpdate.HyperV.Tests.Support;

/// <summary>An agent in a guest that sends back what comes. It begins anew when the host does.</summary>
internal sealed class SmallAgent
{
    private KvpPipe? _pipe;

    internal void Pump(SmallVm vm)
    {
        if (_pipe is null || _pipe.IsOver)
        {
            _pipe = new KvpPipe(isHost: false, Guid.NewGuid());
        }

        _pipe.Look(vm.HostItems);
        Span<byte> bytes = stackalloc byte[4096];
        for (int count = _pipe.Take(bytes); count > 0; count = _pipe.Take(bytes))
        {
            _pipe.Send(bytes[..count]);
        }

        foreach ((string name, string value) in _pipe.TakeChanges())
        {
            vm.OwnItems[name] = value;
        }
    }
}
