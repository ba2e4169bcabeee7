using Microsoft.Win32;
using VmUpdate.GuestAgent.Channels;
using VmUpdate.GuestProtocol.Kvp;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>
/// The channel to a Hyper-V host: by the names and values that host and guest see of each other (key-value pair exchange), which lie in the
/// registry. Both keys are there in a Hyper-V guest only.
/// </summary>
internal static class KvpChannel
{
    private const string FromHost = @"SOFTWARE\Microsoft\Virtual Machine\External";
    private const string ToHost = @"SOFTWARE\Microsoft\Virtual Machine\Guest";
    private const string OfHyperV = @"SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether this is a guest of Hyper-V's.</summary>
    internal static bool IsThere
    {
        get
        {
            using RegistryKey? key = Registry.LocalMachine.OpenSubKey(OfHyperV);
            return key is not null;
        }
    }

    /// <summary>Opens the channel. It ends when the host's end begins anew.</summary>
    internal static HostStream Open()
    {
        using (RegistryKey own = Registry.LocalMachine.CreateSubKey(ToHost))
        {
            // What a former agent left would be taken for this one's.
            var former = new KvpPipe(isHost: false, Guid.Empty);
            foreach (string name in own.GetValueNames().Where(former.IsOwn))
            {
                own.DeleteValue(name, throwOnMissingValue: false);
            }
        }

        var stream = new KvpStream(new KvpPipe(isHost: false, Guid.NewGuid()));
        new Thread(() => Pump(stream)) { IsBackground = true, Name = "host link values" }.Start();
        return new HostStream(stream, OutlivesHost: false);
    }

    private static void Pump(KvpStream stream)
    {
        try
        {
            using RegistryKey own = Registry.LocalMachine.CreateSubKey(ToHost);
            while (!stream.IsClosed)
            {
                foreach (KeyValuePair<string, string> change in stream.Pump(ReadHosts()))
                {
                    own.SetValue(change.Key, change.Value, RegistryValueKind.String);
                }

                Thread.Sleep(Pause);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            // The channel is over; the next opening says why.
        }
        finally
        {
            stream.End();
        }
    }

    private static Dictionary<string, string> ReadHosts()
    {
        var values = new Dictionary<string, string>();
        using RegistryKey? hosts = Registry.LocalMachine.OpenSubKey(FromHost);
        foreach (string name in hosts?.GetValueNames() ?? [])
        {
            if (hosts!.GetValue(name) is string value)
            {
                values[name] = value;
            }
        }

        return values;
    }
}
