#pragma warning disable RS0030 // What the kernel says of a process, and the socket's mode, are no files of disks.
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>One <c>qemu-nbd</c> that serves one VHDX file on one socket. Its number is beside the socket, for the processes after this one.</summary>
internal sealed class NbdServer
{
    /// <summary>How long a server may take to close its file after its machine left.</summary>
    internal static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(10);

    private const string Program = "qemu-nbd";
    private const int Terminate = 15;

    // The socket's folder keeps others out; QEMU's account is another than the one that starts the server.
    private const uint SocketMode = 0x1B6; // 0666
    private const int StartMilliseconds = 30_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly string _vmName;
    private readonly DomainDisk _disk;
    private readonly string _socket;
    private readonly LibvirtOptions _options;

    internal NbdServer(string vmName, DomainDisk disk, LibvirtOptions options)
    {
        _vmName = vmName;
        _disk = disk;
        _socket = disk.Socket!;
        _options = options;
    }

    private string NumberFile => _socket + ".pid";

    private string LockFile => _socket + ".lock";

    /// <summary>Takes the socket for a start, once whoever has it is done. The lock's file stays: deleting it would let two have it.</summary>
    internal IDisposable Lock()
    {
        string folder = Path.GetDirectoryName(_socket) ?? "/";
        if (!Directory.Exists(folder))
        {
            throw Failed($"the folder {folder} of its disk's socket does not exist. Make it: install -d -m 700 -o libvirt-qemu {folder}.");
        }

        TimeSpan end = _options.Clock.Monotonic + LongestStart;
        while (true)
        {
            try
            {
                return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (UnauthorizedAccessException failure)
            {
                throw new HypervisorException(HypervisorFailure.AccessDenied, _vmName, $"the folder {folder} of its disk's socket cannot be written to.", failure);
            }
            catch (IOException failure) when (_options.Clock.Monotonic >= end)
            {
                throw new HypervisorException(HypervisorFailure.VmBusy, _vmName, $"somebody else is starting it, and has {LockFile}.", failure);
            }
            catch (IOException)
            {
                _options.Clock.Delay(Pause, CancellationToken.None).GetAwaiter().GetResult();
            }
        }
    }

    /// <summary>Whether a machine has come to it.</summary>
    /// <remarks>proc(5): in <c>/proc/net/unix</c> a connection that a server took has the server's path and the state 03.</remarks>
    internal bool HasClient()
    {
        const string connected = "03";
        const int stateColumn = 5;
        return File.ReadLines("/proc/net/unix").Any(line => line.EndsWith(' ' + _socket, StringComparison.Ordinal)
            && line.Split([' '], StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(stateColumn) == connected);
    }

    /// <summary>Starts it; it serves when this returns.</summary>
    internal void Start()
    {
        // Without --persistent: the server ends when its one client, the machine, has left.
        string[] arguments =
        [
            "--fork", "--format=vhdx", "--discard=unmap", "--export-name=" + _disk.Export, "--socket=" + _socket, "--pid-file=" + NumberFile, _disk.Path,
        ];
        var start = new ProcessStartInfo(Program, string.Join(" ", arguments.Select(Quote)))
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            var errors = new StringBuilder();
            process.ErrorDataReceived += (_, line) =>
            {
                lock (errors)
                {
                    errors.Append(line.Data).Append(' ');
                }
            };
            process.BeginErrorReadLine();
            if (!process.WaitForExit(StartMilliseconds))
            {
                process.Kill();
                throw Failed($"{Program} did not begin to serve {_disk.Path} within {StartMilliseconds / 1000} seconds.");
            }

            if (process.ExitCode != 0)
            {
                // The last lines may come a moment after the end.
                process.WaitForExit();
                lock (errors)
                {
                    throw Failed($"{Program} cannot serve {_disk.Path}: {errors.ToString().Trim()}");
                }
            }
        }
        catch (Win32Exception failure)
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable, _vmName, $"the program {Program} is not on this computer. Install it: apt install qemu-utils.", failure);
        }

        _ = VirApi.SetMode(Utf8.Of(_socket), SocketMode);
    }

    /// <summary>Waits until it has ended; after a while it is told to.</summary>
    /// <param name="patience">How long it may take by itself.</param>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.DiskNotUsable"/>: it does not end.</exception>
    internal async Task EndAsync(TimeSpan patience)
    {
        if (FindProcess() is not { } number)
        {
            return;
        }

        TimeSpan asked = _options.Clock.Monotonic + patience;
        bool isTold = false;
        while (FindProcess() == number)
        {
            TimeSpan now = _options.Clock.Monotonic;
            if (now >= asked && !isTold)
            {
                _ = VirApi.Signal(number, Terminate);
                isTold = true;
            }

            if (now >= asked + ClosingTime)
            {
                throw Failed($"{Program} (process {number}) does not close {_disk.Path}.");
            }

            await _options.Clock.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
        }

        File.Delete(NumberFile);
    }

    /// <summary>The server's process: the number beside the socket, when that process is a server on this socket.</summary>
    private int? FindProcess()
    {
        try
        {
            if (!File.Exists(NumberFile)
                || !int.TryParse(File.ReadAllText(NumberFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number <= 1)
            {
                return null;
            }

            // Numbers are given again: only a process that has our socket in its command line is ours. A dead one's is empty.
            string command = File.ReadAllText($"/proc/{number.ToString(CultureInfo.InvariantCulture)}/cmdline");
            return command.Contains(Program) && command.Contains("--socket=" + _socket + '\0') ? number : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private HypervisorException Failed(string message) => new(HypervisorFailure.DiskNotUsable, _vmName, message);

    /// <summary>An argument as .NET takes command lines apart: in quotes, a backslash before quotes and before each backslash that leads to one.</summary>
    private static string Quote(string argument)
    {
        var quoted = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char letter in argument)
        {
            if (letter == '"')
            {
                quoted.Append('\\', backslashes + 1);
            }

            backslashes = letter == '\\' ? backslashes + 1 : 0;
            quoted.Append(letter);
        }

        return quoted.Append('\\', backslashes).Append('"').ToString();
    }
}
