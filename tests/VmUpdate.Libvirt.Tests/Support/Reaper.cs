using System.Runtime.InteropServices;

namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>
/// Buries QEMU machines that ended. They are nobody's children once they run, so they go to the computer's first process; libvirt waits
/// until they are gone, and in a container that process may take seconds. So this one takes them instead: only them, since .NET ends the
/// process when a child of its own (qemu-img, qemu-nbd) was taken, and only when they have lain for a while, since a child that libvirt itself
/// waits for is gone at once.
/// </summary>
internal static class Reaper
{
    private const int SetSubreaper = 36;
    private const int AnyChild = 0;
    private const int OneChild = 1;
    private const int Ended = 4;
    private const int LeaveIt = 0x01000000;
    private const int DoNotWait = 1;
    private const int InfoSize = 128;
    private const int NumberOffset = 16;

    internal static void Start()
    {
        if (PrCtl(SetSubreaper, 1, 0, 0, 0) == 0)
        {
            new Thread(Run) { IsBackground = true, Name = "reaper" }.Start();
        }
    }

    private static void Run()
    {
        byte[] info = new byte[InfoSize];
        int seen = 0;
        while (true)
        {
            Array.Clear(info);
            int number = WaitId(AnyChild, 0, info, Ended | LeaveIt | DoNotWait) == 0 ? BitConverter.ToInt32(info, NumberOffset) : 0;
            if (number > 0 && number == seen && IsMachine(number))
            {
                _ = WaitId(OneChild, number, info, Ended | DoNotWait);
            }

            seen = number;
            Thread.Sleep(30);
        }
    }

    private static bool IsMachine(int number)
    {
        try
        {
            return File.ReadAllText($"/proc/{number}/comm").StartsWith("qemu-system", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int PrCtl(int option, ulong a, ulong b, ulong c, ulong d);

    [DllImport("libc", EntryPoint = "waitid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitId(int kind, int number, byte[] info, int options);
}
