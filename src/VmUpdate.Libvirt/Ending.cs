namespace VmUpdate.Libvirt;

/// <summary>Ends what was begun, when disposed.</summary>
internal sealed class Ending(Action end) : IDisposable
{
    public void Dispose() => end();
}
