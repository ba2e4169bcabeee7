using System.Diagnostics;
using System.Net.Sockets;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Support;
using VmUpdate.DiskFormats.Tests.Vhdx;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Blocks;

/// <summary>We and QEMU's programs keep out of each other's files.</summary>
[Trait("Kind", "Judge")]
public sealed class QemuLocksTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_disk_that_qemu_nbd_serves_for_writing_is_in_use()
    {
        string path = MakeDisk();
        using Process nbd = Serve(path, readOnly: false);
        RequireInUse(() => VhdxTestDisk.OpenForWriting(path));
        RequireInUse(() => VhdxTestDisk.OpenForReading(path));
        nbd.Kill();
        nbd.WaitForExit();
        VhdxTestDisk.OpenForWriting(path).Dispose();
    }

    [Fact]
    public void A_disk_that_qemu_nbd_only_reads_is_read_by_us_too_and_not_written()
    {
        string path = MakeDisk();
        using Process nbd = Serve(path, readOnly: true);
        VhdxTestDisk.OpenForReading(path).Dispose();
        RequireInUse(() => VhdxTestDisk.OpenForWriting(path));
        nbd.Kill();
        nbd.WaitForExit();
    }

    [Fact]
    public void QEMU_does_not_open_what_we_write_and_does_not_write_what_we_read()
    {
        string path = MakeDisk();
        using (VhdxTestDisk.OpenForWriting(path))
        {
            Assert.Contains("lock", Judges.Run("qemu-img", "check", path).Output, StringComparison.Ordinal);
        }

        using (VhdxTestDisk.OpenForReading(path))
        {
            Assert.Equal(0, Judges.Run("qemu-img", "check", path).ExitCode);
            Assert.Contains("lock", Judges.Run("qemu-img", "resize", path, "+1M").Output, StringComparison.Ordinal);
        }

        Assert.Equal(0, Judges.Run("qemu-img", "check", path).ExitCode);
    }

    private static void RequireInUse(Func<VhdxDisk> open)
    {
        HostFileException failure = Assert.Throws<HostFileException>(() => open().Dispose());
        Assert.Equal(HostFileFailure.InUse, failure.Failure);
        Assert.Equal("HostFileInUse", failure.Code);
        Assert.True(failure.IsTransient);
        Assert.Contains("QEMU", failure.Message, StringComparison.Ordinal);
    }

    private string MakeDisk()
    {
        Judges.Require("qemu-img");
        Judges.Require("qemu-nbd");
        string path = _temp.File("disk.vhdx");
        VhdxTestDisk.MakeDynamic(path, 8 * VhdxTestDisk.Mebibyte);
        return path;
    }

    private Process Serve(string path, bool readOnly)
    {
        string socket = _temp.File("nbd.sock");
        string[] arguments = [.. (string[])(readOnly ? ["-r"] : []), "-t", "-f", "vhdx", "-k", socket, path];
        Process process = Process.Start(new ProcessStartInfo("qemu-nbd", arguments) { RedirectStandardError = true })!;
        var watch = Stopwatch.StartNew();
        while (!Greets(socket) && !process.HasExited && watch.Elapsed < TimeSpan.FromSeconds(20))
        {
            Thread.Sleep(20);
        }

        Assert.False(process.HasExited, "qemu-nbd ended at once");
        return process;
    }

    /// <summary>Whether qemu-nbd answers: its socket is there before it has opened the disk, its greeting is not.</summary>
    private static bool Greets(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket.Receive(new byte[8]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
