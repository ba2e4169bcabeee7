using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using VmUpdate.EndToEnd.Tests.Support;
using VmUpdate.RealQemu;

namespace VmUpdate.EndToEnd.Tests;

/// <summary>Several instructors, the update agents of one guest, what the guest itself asks for, and what goes first.</summary>
[Collection("real QEMU")]
public sealed class InstructorTests
{
    [Fact]
    public void Each_instructors_agent_gets_its_task_byte_for_byte_the_guest_gets_what_it_asks_for_and_urgent_goes_first()
    {
        using var host = new KvmHost();
        RealMachine machine = host.AddPersonal("desk");
        host.Start(machine);
        host.Run("Set-VmUpdateHost -MaxRuns 1");

        // The script keeps itself, with bytes that are no text, and asks for an update of its own machine by a third party's agent.
        byte[] odd = [.. Enumerable.Range(0, 256).Select(value => (byte)value), .. Enumerable.Repeat((byte)'\n', 70_000)];
        byte[] script =
        [
            .. KvmHost.Script("cat \"$VMUPDATE_PAYLOAD\" > /state/script; vmupdate-agent request --kind Configuration --instructor Contoso --name asked --context 'at its own wish'; exit"),
            .. odd,
        ];
        host.Run("Register-VmUpdateTask script -Kind Configuration -ScriptContent $1 -ScriptName keep.sh -VMName desk", script);
        host.Run("Register-VmUpdateTask apt -Kind ApplicationInstall -Instructor Apt -Context $1 -VMName desk", Encoding.ASCII.GetBytes("hello world:amd64=1.0~x"));
        host.Run("Register-VmUpdateTask nobody -Kind Configuration -Instructor Nobody -Context 1 -VMName desk");
        host.Run("Register-VmUpdateTask contoso -Kind Configuration -Instructor Contoso -Context $1 -VMName desk -Urgent", odd);
        host.Run("Invoke-VmUpdateBroker -UntilEmpty");

        IReadOnlyList<PSObject> runs = [.. host.Run("Get-VmUpdateRun -Detailed").Output.OrderBy(run => run.Properties["Started"].Value)];
        string[] ends = [.. runs.Select(run => $"{run.Properties["TaskName"].Value} {run.Properties["State"].Value} {run.Properties["Reason"].Value}")];
        Assert.Equal("contoso Succeeded Done", ends[0]);
        Assert.Equal(["apt Succeeded Done", "nobody Failed NoUpdateAgent", "script Succeeded Done"], ends[1..4].Order());
        Assert.EndsWith(" Succeeded Done", Assert.Single(ends[4..]), StringComparison.Ordinal);

        Assert.Equal(Hash(script), machine.Shell("sha256sum < /state/script")[..64].ToUpperInvariant());
        Assert.Contains(" -- hello world:amd64=1.0~x\n", machine.Shell("cat /state/apt-get"), StringComparison.Ordinal);
        Assert.Equal(Hash(odd), machine.Shell("sha256sum < /state/contoso.1")[..64].ToUpperInvariant());
        Assert.Equal("at its own wish", machine.Shell("cat /state/contoso.2"));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
