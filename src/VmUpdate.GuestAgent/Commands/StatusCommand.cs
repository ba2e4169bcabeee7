using VmUpdate.GuestAgent.Runs;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Commands;

/// <summary>Shows what the running agent works on.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    internal static int Run(Arguments arguments)
    {
        using var call = new LocalCall(Platform.ConnectLocal(arguments.Get("api", Platform.Paths.LocalApi)));
        call.Send(new Hello(1, 1, "status", string.Empty, [], []) { RequestId = "status" });
        call.Send(new Ping { RequestId = "host" });
        if (call.Receive(Patience) is not Hello hello || call.Receive(Patience) is not Reply host)
        {
            Console.Error.WriteLine("The agent does not answer.");
            return ExitCodes.NoAnswer;
        }

        Console.WriteLine($"{hello.Program} on {hello.ComputerName}: {host.Message}.");
        Console.WriteLine($"Update agents for: {string.Join(", ", hello.Instructors)}");
        if (hello.Notice.Length > 0)
        {
            Console.WriteLine(OneLine.Of(hello.Notice, 500));
        }

        foreach (RunOnGuest run in hello.Runs)
        {
            call.Send(new QueryTask(run.RunId, run.Attempt) { RequestId = "run" });
            if (call.Receive(Patience) is TaskReport report)
            {
                string percent = report.Percent is { } known ? $" {known} %" : string.Empty;
                string restart = report.NeedsRestart ? ", a restart is needed" : string.Empty;
                Console.WriteLine($"{run.RunId} attempt {run.Attempt}: {(RunStatus)report.Status}{percent}{restart}. {OneLine.Of(report.Message, 300)}");
            }
        }

        return ExitCodes.Done;
    }
}
