using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>
/// The one thread that libvirt's events come by. libvirt has one loop for each process, registered before the first connection is opened.
/// </summary>
internal static class EventLoop
{
    private static readonly Lazy<bool> Started = new(Start);
    private static readonly VirApi.ErrorCallback Quiet = (_, _) => { };

    /// <summary>Starts it, if it does not run.</summary>
    internal static void Ensure() => _ = Started.Value;

    private static bool Start()
    {
        // Otherwise libvirt prints each error to the console; ours are thrown.
        VirApi.SetErrorFunction(IntPtr.Zero, Quiet);
        if (VirApi.RegisterEventLoop() < 0)
        {
            throw LibvirtErrors.Last("libvirt", "preparing its events");
        }

        new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
        return true;
    }

    private static void Run()
    {
        while (true)
        {
            if (VirApi.RunEventLoopOnce() < 0)
            {
                VirApi.ResetLastError();

                // Out of memory or of descriptors: not at full speed in a circle.
                SystemClock.Instance.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None).GetAwaiter().GetResult();
            }
        }
    }
}
