using System.IO.Pipes;
using VmUpdate.GuestAgent.Local;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>A named pipe that LocalSystem and the administrators alone may open, and not over the network: the network's accounts are not among them.</summary>
/// <param name="name">The pipe's name.</param>
internal sealed class PipeListener(string name) : ILocalListener
{
    private const int BufferSize = 64 * 1024;
    private readonly CancellationTokenSource _ended = new();

    /// <inheritdoc/>
    public Stream? Accept()
    {
        var pipe = new NamedPipeServerStream(
            name,
            PipeDirection.InOut,
            LocalApi.MaxClients,
            PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous,
            BufferSize,
            BufferSize,
            Trust.PrivatePipe());
        try
        {
            pipe.WaitForConnectionAsync(_ended.Token).GetAwaiter().GetResult();
            return pipe;
        }
        catch (OperationCanceledException)
        {
            pipe.Dispose();
            return null;
        }
        catch (IOException)
        {
            pipe.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Cancel();
}
