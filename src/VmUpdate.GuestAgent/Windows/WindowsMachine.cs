using System.Management;
using Microsoft.Win32;
using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>A Windows machine.</summary>
internal sealed class WindowsMachine : IMachine
{
    private const string BootKey = "SOFTWARE\\VmUpdate\\Boot";
    private const string BootValue = "Id";
    private const int AllowAll = 0;
    private const int RefuseNew = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public string Name => Environment.MachineName;

    /// <inheritdoc/>
    public string Boot { get; } = ReadBoot();

    /// <inheritdoc/>
    public void Restart() => RunShutdown("/r");

    /// <inheritdoc/>
    public void ShutDown() => RunShutdown("/s");

    /// <inheritdoc/>
    public IReadOnlyList<GuestSession> ListSessions() => Terminal.List();

    /// <inheritdoc/>
    public void ShowMessage(int sessionId, string text) => Terminal.Show(sessionId, "VmUpdate", text);

    /// <inheritdoc/>
    public void LogOff(int sessionId) => Terminal.LogOff(sessionId);

    /// <summary>Sets the drain mode of Remote Desktop Services: who is logged on may come back, others may not log on.</summary>
    /// <param name="isAllowed">Whether users may log on.</param>
    public void AllowLogons(bool isAllowed)
    {
        try
        {
            using var search = new ManagementObjectSearcher("root\\CIMV2\\TerminalServices", "SELECT * FROM Win32_TerminalServiceSetting");
            using ManagementObjectCollection found = search.Get();
            foreach (ManagementObject setting in found.Cast<ManagementObject>())
            {
                using (setting)
                {
                    setting["SessionBrokerDrainMode"] = isAllowed ? AllowAll : RefuseNew;
                    setting.Put();
                }
            }
        }
        catch (ManagementException failure)
        {
            throw new VerbException(ReplyCodes.NotSupported, $"this Windows cannot refuse logons: {failure.Message}");
        }
    }

    /// <summary>A key that Windows keeps in memory only: a new one means that Windows has started anew.</summary>
    private static string ReadBoot()
    {
        using RegistryKey machine = RegistryKey.OpenBaseKey(RegistryHive.LocalMachine, RegistryView.Registry64);
        using RegistryKey key = machine.CreateSubKey(BootKey, RegistryKeyPermissionCheck.ReadWriteSubTree, RegistryOptions.Volatile);
        if (key.GetValue(BootValue) is string id)
        {
            return id;
        }

        id = Guid.NewGuid().ToString("N");
        key.SetValue(BootValue, id);
        return id;
    }

    private static void RunShutdown(string how)
    {
        string program = Path.Combine(Environment.SystemDirectory, "shutdown.exe");
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var call = new ProgramCall(program, [how, "/t", "0", "/f", "/d", "p:2:17"], Environment.SystemDirectory);
            ProgramResult result = ProgramRunner.RunAsync(call, patience.Token).GetAwaiter().GetResult();
            if (result.ExitCode != 0)
            {
                throw new VerbException(ReplyCodes.Failed, $"shutdown.exe ended with the exit code {result.ExitCode}: {result.Output}");
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            throw new VerbException(ReplyCodes.Failed, failure.Message);
        }
    }
}
