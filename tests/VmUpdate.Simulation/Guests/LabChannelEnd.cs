using System.IO.Pipes;

namespace VmUpdate.Simulation.Guests;

/// <summary>The guest's end of a lab machine's channel, as an agent opens it.</summary>
public static class LabChannelEnd
{
    private const string WindowsPrefix = @"\\.\pipe\";

    /// <summary>Connects, trying again while nobody listens.</summary>
    public static async Task<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        string name = path.StartsWith(WindowsPrefix, StringComparison.Ordinal) ? path[WindowsPrefix.Length..] : path;
        while (true)
        {
            var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
            try
            {
                await pipe.ConnectAsync(20, cancellation);
                return pipe;
            }
            catch (Exception absent) when (absent is TimeoutException or IOException)
            {
                pipe.Dispose();
                await Task.Delay(10, cancellation);
            }
        }
    }
}
